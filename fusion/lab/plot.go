package lab

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the slopes, then every point, as text.
func WriteTable(w io.Writer, curves []Curve) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "curve\tloss ~ c n^slope\tslope, 95 %\te^beta\tw\ta\tb\tnu\t")
	for i := range curves {
		c := &curves[i]
		fmt.Fprintf(tw, "%s\t%.2f n^%.2f\t%.2f to %.2f\t%s\t%s\t%s\t%s\t%s\t\n", c.Name(), c.Loss.Factor, c.Loss.Value, c.Loss.Low, c.Loss.High, c.Mass, c.W, c.A, c.B, c.Nu)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprint(tw, "n\t")
	for i := range curves {
		fmt.Fprintf(tw, "%s\t", curves[i].Name())
	}
	fmt.Fprintln(tw)
	for p := range curves[0].Points {
		fmt.Fprintf(tw, "%d\t", curves[0].Points[p].N)
		for i := range curves {
			mean, twice := curves[i].Points[p].Mean()
			fmt.Fprintf(tw, "%.4f +- %.4f\t", mean, twice)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}

// String is the value and its interval.
func (s Slope) String() string {
	if math.IsNaN(s.Value) {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Value, s.Low, s.High)
}

// Size and margins of the plot, in points.
const (
	plotWidth, plotHeight = 760, 460
	plotLeft, plotRight   = 64, 236
	plotTop, plotBottom   = 28, 48
)

// colours are those of the curves, in their order.
var colours = []string{"#1b6ca8", "#d1495b", "#2e933c", "#8e5aa8"}

// WriteSVG draws loss over n, both logarithmic: the means with bars of twice the
// standard deviation, and the fitted lines.
func WriteSVG(w io.Writer, curves []Curve) error {
	lowX, highX := math.Log10(float64(curves[0].Points[0].N)), 0.0
	lowY, highY := math.Inf(1), math.Inf(-1)
	for i := range curves {
		for j := range curves[i].Points {
			p := &curves[i].Points[j]
			mean, _ := p.Mean()
			highX = max(highX, math.Log10(float64(p.N)))
			lowY, highY = min(lowY, math.Log10(mean)), max(highY, math.Log10(mean))
		}
	}
	lowY, highY = math.Floor(lowY-0.3), math.Ceil(highY+0.2)
	x := func(v float64) float64 {
		return plotLeft + (v-lowX)/(highX-lowX)*(plotWidth-plotLeft-plotRight)
	}
	y := func(v float64) float64 {
		return plotTop + (highY-min(max(v, lowY), highY))/(highY-lowY)*(plotHeight-plotTop-plotBottom)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%d" y="18">Loss of the maximum likelihood fit over the size of the sample</text>`+"\n", plotLeft)
	for v := lowY; v <= highY; v++ {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", plotLeft, y(v), plotWidth-plotRight, plotLeft-6, y(v)+4, math.Pow(10, v))
	}
	for v := math.Ceil(lowX); v <= highX+1e-9; v++ {
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x(v), plotTop, plotHeight-plotBottom, x(v), plotHeight-plotBottom+16, math.Pow(10, v))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">n</text>`+"\n", (x(lowX)+x(highX))/2, plotHeight-plotBottom+34)
	for i := range curves {
		c, colour := &curves[i], colours[i%len(colours)]
		for j := range c.Points {
			p := &c.Points[j]
			mean, twice := p.Mean()
			at := x(math.Log10(float64(p.N))) + float64(i)*2 - 3 // beside each other
			low := lowY
			if mean > twice {
				low = math.Log10(mean - twice)
			}
			fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1f" stroke="%s"/><circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n",
				at, y(low), y(math.Log10(mean+twice)), colour, at, y(math.Log10(mean)), colour)
		}
		line := func(v float64) float64 { return math.Log10(c.Loss.Factor) + c.Loss.Value*v }
		fmt.Fprintf(&b, `<path d="M%.1f %.1fL%.1f %.1f" stroke="%s" stroke-dasharray="5 3"/>`+"\n", x(lowX), y(line(lowX)), x(highX), y(line(highX)), colour)
		row := plotTop + 20 + 44*i
		fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="4" fill="%s"/><text x="%d" y="%d">%s</text><text x="%d" y="%d" fill="#555">slope %.2f (%.2f to %.2f)</text>`+"\n",
			plotWidth-plotRight+16, row-4, colour, plotWidth-plotRight+26, row, c.Name(), plotWidth-plotRight+26, row+16, c.Loss.Value, c.Loss.Low, c.Loss.High)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
