"What a person types: the demo and the command line."
