"How music is written: decoding, plans into pieces, candidates to choose from."
