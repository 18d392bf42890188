package score

import "math"

// Alarms counts the alarms of a course, the risks of one stay at equal times: one alarms where
// it reaches at while none is open, and the alarm stays open until it falls below end. A risk
// that is no number neither opens nor ends one.
func Alarms(course []float32, at, end float64) (alarms int) {
	open := false
	for _, risk := range course {
		switch v := float64(risk); {
		case !open && v >= at:
			open = true
			alarms++
		case open && v < end:
			open = false
		}
	}
	return alarms
}

// AlarmRate is how many alarms the courses have in a patient-day, where each risk stands for an
// hour. It is NaN where there is none.
func AlarmRate(courses [][]float32, at, end float64) float64 {
	alarms, hours := 0, 0
	for _, c := range courses {
		alarms += Alarms(c, at, end)
		hours += len(c)
	}
	if hours == 0 {
		return math.NaN()
	}
	return float64(24*alarms) / float64(hours)
}
