package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
)

// lastColumns of the last-observation branch for a channel.
const lastColumns = 6

// LastObservation fills dst [points][6*C] for the channels `members` of a series: the
// last value carried forward, z, relu(z-1) and relu(-z-1), exp(-age/3) and exp(-age/12)
// with the age in hours, and 1 where the channel was observed in this hour. All are 0
// until it was first observed. A column stands for all members, then comes the next.
func LastObservation(dst []float32, s *encoders.Series, members []int, points int) {
	clear(dst)
	n := len(members)
	carry(s, members, points, func(j, i, age int, z float32) {
		row := dst[j*lastColumns*n:]
		row[i], row[n+i], row[2*n+i] = z, max(z-1, 0), max(-z-1, 0)
		row[3*n+i], row[4*n+i] = decays[0][min(age, longest)], decays[1][min(age, longest)]
		if age == 0 {
			row[5*n+i] = 1
		}
	})
}

// CarryForward fills dst [points][2*C] for the channels `members`: the last value of the
// hour, else that of the hour before, 0 until there was one; and 1 where the channel was
// observed in this hour (the regular branch of the paper, without the quirks of its
// code).
func CarryForward(dst []float32, s *encoders.Series, members []int, points int) {
	clear(dst)
	n := len(members)
	carry(s, members, points, func(j, i, age int, z float32) {
		dst[j*2*n+i] = z
		if age == 0 {
			dst[j*2*n+n+i] = 1
		}
	})
}

// carry calls set for every reference point j and member i from its first observation
// on, with the age of the last one in points and its value.
func carry(s *encoders.Series, members []int, points int, set func(j, i, age int, z float32)) {
	wide := s.Cells / points
	for i, ch := range members {
		age, z := -1, float32(0)
		for j := range points {
			if age >= 0 {
				age++
			}
			for at := ch*s.Cells + j*wide; at < ch*s.Cells+(j+1)*wide; at++ {
				if s.Count[at] > 0 {
					age, z = 0, s.Last[at]
				}
			}
			if age >= 0 {
				set(j, i, age, z)
			}
		}
	}
}

// longest age that is told from longer ones: exp(-longest/12) is 6e-10.
const longest = 255

// decays are exp(-age/3) and exp(-age/12).
var decays = func() (d [2][longest + 1]float32) {
	for age := range longest + 1 {
		d[0][age], d[1][age] = float32(math.Exp(-float64(age)/3)), float32(math.Exp(-float64(age)/12))
	}
	return d
}()
