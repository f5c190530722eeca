"How recognition and generation teach each other: wake and sleep."
