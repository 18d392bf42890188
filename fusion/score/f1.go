package score

// F1 is the harmonic mean of precision and recall where positive means a probability
// of at least 0.5; 0 where nothing is, or is called, positive.
func F1(predicted []float64, outcome []bool) float64 {
	hits, wrong := 0, 0
	for i, p := range predicted {
		switch called := p >= 0.5; {
		case called && outcome[i]:
			hits++
		case called != outcome[i]:
			wrong++
		}
	}
	if hits == 0 {
		return 0
	}
	return 2 * float64(hits) / float64(2*hits+wrong)
}
