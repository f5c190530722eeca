"Install Staria. The facts come from settings.ini; constraints.txt pins the versions that were tested together."

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

config = ConfigParser(delimiters=["="])
config.read(Path(__file__).with_name("settings.ini"), encoding="utf8")
facts = config["DEFAULT"]

setup(
    name=facts["lib_name"],
    version=facts["version"],
    description=facts["description"],
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    author=facts["author"],
    license="Apache-2.0",
    url=facts["git_url"],
    packages=find_packages(include=["staria", "staria.*"]),
    package_data={"": ["templates/*"], "staria": ["py.typed", "assets/*"], "staria.widgets": ["static/*"]},
    python_requires=f">={facts['min_python']}",
    install_requires=facts["requirements"].split(),
    extras_require={
        "lab": facts["lab_requirements"].split(),
        "dev": facts["dev_requirements"].split(),
        "speed": facts["speed_requirements"].split(),
    },
    entry_points={"console_scripts": ["staria = staria.app.cli:main"]},
)
