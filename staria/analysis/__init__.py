"What can be measured without a model: metrics, similarity, segmentation, structure, memorization."
