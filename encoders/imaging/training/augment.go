package training

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/nn"
)

const edge = imaging.Edge

// draws hands out the numbers of one row of a draw, one after another.
type draws struct {
	row nn.Row
	at  uint64
}

// between is a number between two.
func (d *draws) between(low, high float64) float64 {
	d.at++
	return low + float64((high-low)*d.row.Uniform(d.at))
}

func (d *draws) normal() float64 {
	d.at += 2 // a normal number uses two
	return d.row.Normal(d.at)
}

// augmented is a film [edge][edge] as another technician would have taken it: turned, moved, nearer
// or farther, mirrored, darker or brighter, blurred, with noise, with a part of it hidden.
func augmented(x []float32, row nn.Row) []float32 {
	d := &draws{row: row}
	angle := d.between(-0.22, 0.22)
	scale, aspect := math.Exp(d.between(-0.2, 0.2)), math.Exp(d.between(-0.1, 0.1))
	dx, dy := d.between(-3, 3), d.between(-3, 3)
	mirror := 1.0
	if d.between(0, 1) < 0.5 {
		mirror = -1
	}
	gamma := math.Exp(d.between(-0.6, 0.6))
	low, high := d.between(-0.15, 0.1), d.between(0.9, 1.2)
	noise := max(0, d.between(-0.03, 0.06))
	blur := d.between(0, 1) < 0.25
	c, s := math.Cos(angle)*scale, math.Sin(angle)*scale
	const centre = (edge - 1) / 2.0
	y := make([]float32, len(x))
	for i := range y {
		u, v := float64(i%edge)-centre, float64(i/edge)-centre
		a := float64((float64(c*u)-float64(s*v))*mirror*aspect) + centre + dx
		b := float64(float64(s*u)+float64(c*v))/aspect + centre + dy
		value := bilinear(x, a, b)
		value = math.Pow(max(value, 0), gamma)
		value = min(max((value-low)/(high-low), 0), 1)
		y[i] = float32(min(max(value+float64(noise*d.normal()), 0), 1))
	}
	if blur {
		y = blurred(y)
	}
	if d.between(0, 1) < 0.4 {
		w, h := int(d.between(3, 11)), int(d.between(3, 11))
		left, top := int(d.between(0, edge-3)), int(d.between(0, edge-3))
		fill := float32(d.between(0, 1))
		for i := range y {
			if r, k := i/edge-top, i%edge-left; r >= 0 && r < h && k >= 0 && k < w {
				y[i] = fill
			}
		}
	}
	return y
}

// bilinear is the shade at a place; beyond the border it is that of the border.
func bilinear(x []float32, a, b float64) float64 {
	a, b = min(max(a, 0), edge-1), min(max(b, 0), edge-1)
	i, k := int(b), int(a)
	r, q := b-float64(i), a-float64(k)
	i1, k1 := min(i+1, edge-1), min(k+1, edge-1)
	top := float64(x[i*edge+k]) + float64(q*float64(x[i*edge+k1]-x[i*edge+k]))
	bottom := float64(x[i1*edge+k]) + float64(q*float64(x[i1*edge+k1]-x[i1*edge+k]))
	return top + float64(r*(bottom-top))
}

// blurred is the film by the weights 1 2 1 each way.
func blurred(x []float32) []float32 {
	y := make([]float32, len(x))
	at := func(i, k int) float32 { return x[min(max(i, 0), edge-1)*edge+min(max(k, 0), edge-1)] }
	for i := range edge {
		for k := range edge {
			var sum float32
			for a := -1; a <= 1; a++ {
				for b := -1; b <= 1; b++ {
					sum += float32(at(i+a, k+b) * float32((2-a*a)*(2-b*b)) / 16)
				}
			}
			y[i*edge+k] = sum
		}
	}
	return y
}
