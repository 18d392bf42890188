package judge

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"plain": plain, "span": span}).Parse(pageText))

// WriteHTML writes a report as one page that needs nothing else: tables, and plots as SVG.
func WriteHTML(w io.Writer, r *Report) error {
	type row struct {
		Name string
		At   *AtHour
	}
	type point struct {
		Name string
		Op   *Operating
	}
	type section struct {
		Name    string
		Q       *Quality
		Hours   []row
		Points  []point
		Groups  []row
		Missing string
	}
	data := struct {
		*Report
		Plots    []template.HTML
		Sections []section
	}{Report: r}
	r.each(func(name string, q *Quality) {
		s := section{Name: name, Q: q, Missing: q.missing()}
		for _, h := range q.hours() {
			at := q.Hours[h]
			if h == "all" {
				at = q.All
			}
			s.Hours = append(s.Hours, row{h, at})
		}
		for _, p := range q.points() {
			s.Points = append(s.Points, point{p, q.Alerts[p]})
		}
		for _, g := range slices.Sorted(maps.Keys(q.Groups)) {
			s.Groups = append(s.Groups, row{g, q.Groups[g]})
		}
		data.Sections = append(data.Sections, s)
	})
	data.Plots = []template.HTML{r.auroc(), r.calibration(), r.alarms(), r.benefit()}
	return page.Execute(w, data)
}

// plot is a picture with two linear axes.
type plot struct {
	b                        strings.Builder
	title, x, y              string
	left, right, bottom, top float64
	keys                     int
}

// Size and margins of a plot, in points.
const (
	width, height              = 420, 320
	marginLeft, marginRight    = 52, 12
	marginTop, marginBottom    = 44, 44
	innerWidth                 = width - marginLeft - marginRight
	innerHeight                = height - marginTop - marginBottom
	modelColour, scoreColour   = "#1b6ca8", "#b8442f"
	otherColour, neutralColour = "#2e7d4f", "#777"
)

func (p *plot) at(x, y float64) (float64, float64) {
	return marginLeft + innerWidth*(x-p.left)/(p.right-p.left), marginTop + innerHeight*(p.top-y)/(p.top-p.bottom)
}

// line joins points, and draws intervals where there are any.
func (p *plot) line(colour, name string, dashed bool, x, y, low, high []float64) {
	var path []string
	for i := range x {
		if math.IsNaN(y[i]) {
			continue
		}
		px, py := p.at(x[i], y[i])
		path = append(path, fmt.Sprintf("%.1f,%.1f", px, py))
		if low != nil && !math.IsNaN(low[i]) {
			_, l := p.at(x[i], low[i])
			_, h := p.at(x[i], high[i])
			fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-opacity=".5"/>`, px, l, px, h, colour)
		}
		if !dashed {
			fmt.Fprintf(&p.b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`, px, py, colour)
		}
	}
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(&p.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.6"%s/>`, strings.Join(path, " "), colour, dash)
	fmt.Fprintf(&p.b, `<text x="%d" y="34" fill="%s">%s</text>`, marginLeft+p.keys*120, colour, template.HTMLEscapeString(name))
	p.keys++
}

// svg is the whole picture.
func (p *plot) svg() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s"><text x="%d" y="16" class="title">%s</text>`, width, height, p.title, marginLeft, p.title)
	for i := range 6 {
		x, y := p.left+(p.right-p.left)*float64(i)/5, p.bottom+(p.top-p.bottom)*float64(i)/5
		px, _ := p.at(x, p.bottom)
		_, py := p.at(p.left, y)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" class="grid"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`, marginLeft, py, width-marginRight, py, marginLeft-6, py+4, short(y))
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, px, height-marginBottom+18, short(x))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, marginLeft+innerWidth/2, height-6, p.x)
	fmt.Fprintf(&b, `<text transform="translate(12 %d) rotate(-90)" text-anchor="middle">%s</text>`, marginTop+innerHeight/2, p.y)
	b.WriteString(p.b.String())
	b.WriteString("</svg>")
	return template.HTML(b.String()) // all that is in it was written here, names escaped
}

func short(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// colours are those of what was judged, in the order of each.
func colourOf(i int) string { return []string{modelColour, scoreColour, otherColour}[min(i, 2)] }

func (r *Report) auroc() template.HTML {
	p := &plot{title: "Discrimination by the hour of the stay", x: "hour", y: "AUROC", left: 0, right: 50, bottom: 0.5, top: 1}
	i := 0
	r.each(func(name string, q *Quality) {
		var x, y, low, high []float64
		for _, h := range Hours {
			a := q.Hours[strconv.Itoa(h)]
			x, y, low, high = append(x, float64(h)), append(y, float64(a.AUROC)), append(low, float64(a.AUROCLow)), append(high, float64(a.AUROCHigh))
		}
		p.line(colourOf(i), name, false, x, y, low, high)
		i++
	})
	return p.svg()
}

func (r *Report) calibration() template.HTML {
	p := &plot{title: "Calibration: tenths of the stays by risk", x: "mean risk", y: "observed share", left: 0, right: 1, bottom: 0, top: 1}
	p.line(neutralColour, "perfect", true, []float64{0, 1}, []float64{0, 1}, nil, nil)
	for _, q := range r.Tasks {
		for k, h := range []string{"12", "48"} {
			var x, y []float64
			if a := q.Hours[h]; a != nil {
				for _, bin := range a.Curve {
					x, y = append(x, float64(bin.Mean)), append(y, float64(bin.Observed))
				}
			}
			p.line([]string{otherColour, modelColour}[k], "hour "+h, false, x, y, nil, nil)
		}
	}
	return p.svg()
}

func (r *Report) alarms() template.HTML {
	p := &plot{title: "Alarms: recall of events against their number", x: "alarms in a patient-day", y: "event recall", left: 0, right: 2, bottom: 0, top: 1}
	i := 0
	r.each(func(name string, q *Quality) {
		var ops []*Operating
		for key, o := range q.Alerts {
			if key != "policy" {
				ops = append(ops, o)
			}
		}
		slices.SortFunc(ops, func(a, b *Operating) int { return -cmp.Compare(float64(a.Threshold), float64(b.Threshold)) })
		var x, y, low, high []float64
		for _, o := range ops {
			if o.PerPatientDay <= 2 {
				x, y, low, high = append(x, float64(o.PerPatientDay)), append(y, float64(o.Recall)), append(low, float64(o.RecallLow)), append(high, float64(o.RecallHigh))
			}
		}
		p.line(colourOf(i), name, false, x, y, low, high)
		i++
	})
	return p.svg()
}

func (r *Report) benefit() template.HTML {
	p := &plot{title: "Net benefit at hour 24", x: "threshold probability", y: "net benefit", left: 0, right: 0.5, bottom: -0.05, top: 0.2}
	for name, q := range r.Tasks {
		var x, y, all []float64
		for _, b := range q.NetBenefit {
			x, y, all = append(x, float64(b.Threshold)), append(y, float64(b.Model)), append(all, max(float64(b.All), -0.05))
		}
		p.line(modelColour, name, false, x, y, nil, nil)
		p.line(neutralColour, "everybody", true, x, all, nil, nil)
	}
	return p.svg()
}
