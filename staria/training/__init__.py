"How models learn: tasks, runs that go on exactly where they stopped, checkpoints."
