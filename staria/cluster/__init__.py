"How it runs on many machines: resources, snapshots, chains, jobs, Slurm."

from staria.core.basics import require

require("submitit", "cluster")
