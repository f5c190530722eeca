"How form is heard: from probabilities to sections, and labelling of files."
