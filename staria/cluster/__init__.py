"How it runs on many machines: resources, snapshots, chains, jobs, Slurm."
