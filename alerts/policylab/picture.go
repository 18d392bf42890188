package policylab

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/alerts/judge"
)

// Size and margins of the picture, in points.
const (
	width, height   = 720, 460
	left, right     = 64, 24
	top, bottom     = 64, 76
	across, upwards = width - left - right, height - top - bottom
)

// leadColours go from a short lead to a long one, in equal parts of the policies by their median lead. They are
// told apart in grey too.
var leadColours = []string{"#fdbe85", "#8fb9d6", "#3f7fb5", "#0b3c6f"}

// picture is an SVG that is being drawn.
type picture struct {
	b    strings.Builder
	most float64 // alarms in a patient-day at the right end
}

// at is where a policy stands.
func (p *picture) at(r *Result) (x, y float64) {
	x = left + float64(across*min(float64(r.PerPatientDay)/p.most, 1))
	y = top + float64(upwards*(1-float64(r.Recall)))
	return x, y
}

func (p *picture) text(x, y float64, anchor, text string) {
	fmt.Fprintf(&p.b, `<text x="%.0f" y="%.0f" text-anchor="%s">%s</text>`, x, y, anchor, escaped(text))
	p.b.WriteByte('\n')
}

// WriteSVG draws recall of events over alarms in a patient-day: a dot for each policy, darker where the median lead is
// longer, the frontier as a line, the policy in force as a diamond.
func WriteSVG(w io.Writer, r *Report) error {
	p := &picture{most: 0.1}
	shown := 0
	for i := range r.Policies {
		if one := &r.Policies[i]; drawn(one) {
			p.most = max(p.most, float64(one.PerPatientDay))
			shown++
		}
	}
	p.most = round(p.most)
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="sans-serif" font-size="12" fill="#222">`+"\n", width, height)
	fmt.Fprintf(&p.b, `<title>%s</title><rect width="%d" height="%d" fill="#fff"/>`+"\n", escaped("Recall of events against alarms in a patient-day"), width, height)
	fmt.Fprintf(&p.b, `<text x="%d" y="22" font-size="15" font-weight="bold">%s</text>`+"\n", left, escaped(fmt.Sprintf("%d policies on %d stays, %d of which end in death", shown, r.Stays, r.Events)))
	p.text(left, 40, "start", fmt.Sprintf("alarms of %s, severity %s or above; research software, not a medical device", r.Task, r.Severity))
	for i := range 6 {
		share := float64(i) / 5
		y := top + float64(upwards*(1-share))
		x := left + float64(across*share)
		fmt.Fprintf(&p.b, `<path d="M%d %.1fH%d" stroke="#ddd"/>`, left, y, width-right)
		p.text(left-8, y+4, "end", strconv.Itoa(20*i)+" %")
		p.text(x, height-bottom+18, "middle", strconv.FormatFloat(math.Round(p.most*share*1e4)/1e4, 'f', -1, 64))
	}
	p.text(left+across/2, height-bottom+36, "middle", "alarms in a patient-day")
	fmt.Fprintf(&p.b, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">stays ending in death with an alarm before</text>`+"\n", top+upwards/2)
	p.dots(r)
	p.frontier(r)
	for i := range r.Policies {
		if one := &r.Policies[i]; one.InForce && drawn(one) {
			x, y := p.at(one)
			fmt.Fprintf(&p.b, `<path d="M%.1f %.1fl7 7l-7 7l-7 -7z" fill="#fff" stroke="#c2185b" stroke-width="2.5"><title>%s</title></path>`, x, y-7, escaped(one.told()))
			p.text(x+12, y+15, "start", "in force")
		}
	}
	p.b.WriteString("</svg>\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

// drawn says whether a policy has a place in the picture.
func drawn(r *Result) bool {
	return !math.IsNaN(float64(r.Recall)) && !math.IsNaN(float64(r.PerPatientDay)) && !math.IsInf(float64(r.PerPatientDay), 0)
}

// dots draws the policies, one path for each colour, and what the colours mean.
func (p *picture) dots(r *Report) {
	var leads []float64
	for i := range r.Policies {
		if v := float64(r.Policies[i].Lead); !math.IsNaN(v) {
			leads = append(leads, v)
		}
	}
	slices.Sort(leads)
	paths := make([]strings.Builder, len(leadColours)+1) // the last of those without a lead
	seen := map[string]bool{}
	for i := range r.Policies {
		one := &r.Policies[i]
		if !drawn(one) {
			continue
		}
		x, y := p.at(one)
		if place := fmt.Sprintf("M%.1f %.1fh0", x, y); !seen[place] {
			seen[place] = true
			paths[colourOf(leads, one.Lead)].WriteString(place)
		}
	}
	for i, path := range paths {
		if path.Len() == 0 {
			continue
		}
		colour, words := "#bbb", "lead not known"
		if i < len(leadColours) {
			colour = leadColours[i]
			words = fmt.Sprintf("%.0f to %.0f h", leads[i*len(leads)/len(leadColours)], leads[max((i+1)*len(leads)/len(leadColours)-1, 0)])
		}
		fmt.Fprintf(&p.b, `<path d="%s" stroke="%s" stroke-width="6" stroke-linecap="round" fill="none"/>`+"\n", path.String(), colour)
		x := float64(left + 130 + i*105)
		fmt.Fprintf(&p.b, `<circle cx="%.0f" cy="%d" r="5" fill="%s"/>`, x, height-18, colour)
		p.text(x+9, height-14, "start", words)
	}
	p.text(left, height-14, "start", "median lead:")
}

// colourOf is the part of the policies, by their leads, to which a lead belongs.
func colourOf(leads []float64, lead judge.Number) int {
	if math.IsNaN(float64(lead)) {
		return len(leadColours)
	}
	at, _ := slices.BinarySearchFunc(leads, float64(lead), cmp.Compare[float64])
	return min(at*len(leadColours)/len(leads), len(leadColours)-1)
}

// frontier joins the policies on it by steps, since between two of them there is none.
func (p *picture) frontier(r *Report) {
	var path, points strings.Builder
	for i, one := range r.Frontier() {
		x, y := p.at(one)
		if i == 0 {
			fmt.Fprintf(&path, "M%.1f %.1f", x, y)
		} else {
			fmt.Fprintf(&path, "H%.1fV%.1f", x, y)
		}
		fmt.Fprintf(&points, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="#111"><title>%s</title></circle>`+"\n", x, y, escaped(one.told()))
	}
	if path.Len() > 0 {
		fmt.Fprintf(&p.b, `<path d="%s" fill="none" stroke="#111" stroke-width="1.5"/>`+"\n%s", path.String(), points.String())
		p.text(width-right-150, 58, "start", "● line: the frontier")
	}
}

// told is a policy in one line.
func (r *Result) told() string {
	return fmt.Sprintf("%s %s: %s in a patient-day, recall %s, lead %s h", r.ID, r.Name, plain(r.PerPatientDay), plain(r.Recall), fixed(r.Lead, 0))
}

// round is the next number above of one digit, so that the axis has plain numbers.
func round(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	return math.Ceil(v/unit-1e-9) * unit
}

// escaped is text inside XML.
func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
