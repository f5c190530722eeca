"Whether it is true: tables with controls, an independent judge of form, reports, blind tests."
