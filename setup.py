"Install Staria. The facts come from settings.ini; constraints.txt pins versions that were tested together."

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

config = ConfigParser(delimiters=["="])
config.read(Path(__file__).with_name("settings.ini"), encoding="utf8")
facts = config["DEFAULT"]

extras = {
    name.removesuffix("_requirements"): wanted.split()
    for name, wanted in facts.items()
    if name.endswith("_requirements")
}
extras["all"] = sum((extras[name] for name in ("notation", "convert", "widgets")), [])

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
    package_data={"": ["templates/*"], "staria": ["py.typed", "assets/*", "static/*"]},
    python_requires=f">={facts['min_python']}",
    install_requires=facts["requirements"].split(),
    extras_require=extras,
    entry_points={"console_scripts": ["staria = staria.__main__:main"]},
)
