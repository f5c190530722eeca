"What a piece is: scores, MIDI, sections, beats, notation, repeats, variations, sound and pictures."
