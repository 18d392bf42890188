package modelfolder

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // films come in both
	_ "image/png"

	"github.com/vigil-icu/vigil/encoders/network"
)

// maxPixels is how large a film may be: 8,000 by 8,000 is more than any detector has.
const maxPixels = 64_000_000

// film is a picture in grey, 0 black and 1 white, row by row.
type film struct {
	width, height int
	pixels        []float64
}

// decode reads a PNG or JPEG.
func decode(file []byte) (*film, error) {
	settings, kind, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the image is no PNG or JPEG: %w", err)
	case settings.Width < 1 || settings.Height < 1 || settings.Width > maxPixels/settings.Height:
		return nil, fmt.Errorf("the image has %d by %d pixels, at most %d are read", settings.Width, settings.Height, maxPixels)
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("the %s cannot be read: %w", kind, err)
	}
	b := picture.Bounds()
	f := &film{width: b.Dx(), height: b.Dy(), pixels: make([]float64, b.Dx()*b.Dy())}
	for y := range f.height {
		row := f.pixels[y*f.width:][:f.width]
		switch p := picture.(type) {
		case *image.Gray:
			for x := range row {
				row[x] = float64(p.Pix[y*p.Stride+x]) / 0xff
			}
		case *image.Gray16:
			for x := range row {
				at := y*p.Stride + 2*x
				row[x] = float64(uint16(p.Pix[at])<<8|uint16(p.Pix[at+1])) / 0xffff
			}
		default:
			for x := range row {
				row[x] = float64(color.Gray16Model.Convert(picture.At(b.Min.X+x, b.Min.Y+y)).(color.Gray16).Y) / 0xffff
			}
		}
	}
	return f, nil
}

// square is the middle of a film.
func (f *film) square() *film {
	n := min(f.width, f.height)
	left, top := f.width/2-n/2, f.height/2-n/2
	out := &film{width: n, height: n, pixels: make([]float64, 0, n*n)}
	for y := range n {
		out.pixels = append(out.pixels, f.pixels[(top+y)*f.width+left:][:n]...)
	}
	return out
}

// share is a part of a pixel that lies under one of the result.
type share struct {
	first   int
	weights []float64
}

// shares are those of a side of n pixels in a side of m.
func shares(n, m int) []share {
	out := make([]share, m)
	for i := range out {
		low, high := float64(i)*float64(n)/float64(m), float64(i+1)*float64(n)/float64(m)
		s := share{first: min(int(low), n-1)}
		var sum float64
		for k := s.first; k < n && float64(k) < high; k++ {
			w := min(high, float64(k+1)) - max(low, float64(k))
			if w < 0 {
				w = 0
			}
			s.weights = append(s.weights, w)
			sum += w
		}
		for k := range s.weights {
			s.weights[k] /= sum
		}
		out[i] = s
	}
	return out
}

// resized is the film at side by side pixels. Each is the mean of what lies under it, parts of pixels
// counted as parts, so that nothing small comes and goes with its place.
func (f *film) resized(side int) *film {
	across := shares(f.width, side)
	narrow := make([]float64, side*f.height)
	for y := range f.height {
		row := f.pixels[y*f.width:][:f.width]
		for x, s := range across {
			var sum float64
			for k, w := range s.weights {
				sum += float64(w * row[s.first+k])
			}
			narrow[y*side+x] = sum
		}
	}
	out := &film{width: side, height: side, pixels: make([]float64, side*side)}
	for y, s := range shares(f.height, side) {
		for k, w := range s.weights {
			row := narrow[(s.first+k)*side:][:side]
			for x := range row {
				out.pixels[y*side+x] += float64(w * row[x])
			}
		}
	}
	return out
}

// tensor is what the network is given of a film.
func (i *Image) tensor(f *film) network.Tensor {
	f = f.square().resized(i.Side)
	t := network.Tensor{Name: i.Input, Shape: []int{1, i.Channels, i.Side, i.Side}, Floats: make([]float32, 0, i.Channels*len(f.pixels))}
	for c := range i.Channels {
		for _, v := range f.pixels {
			x := i.Low + float64((i.High-i.Low)*v)
			if len(i.Mean) > 0 {
				x = (x - i.Mean[c]) / i.SD[c]
			}
			t.Floats = append(t.Floats, float32(x))
		}
	}
	return t
}

// image makes the vector of an image's file.
func (e *Encoder) image(ctx context.Context, file []byte) ([]float32, error) {
	f, err := decode(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	v, err := e.run(ctx, []network.Tensor{e.Manifest.Image.tensor(f)}, e.Manifest.Image.Output)
	if err != nil {
		return nil, err
	}
	return e.whole(v)
}
