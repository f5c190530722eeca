"Where training examples come from: pieces, stores, corpora, composed forms, plans, batches."
