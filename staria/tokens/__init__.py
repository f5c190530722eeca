"How a model reads a piece: vocabulary, grammar, tokenizer."
