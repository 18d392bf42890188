package fusion

import "github.com/vigil-icu/vigil/encoders/nn"

// Dense are the parameters of a dense layer: W [out][in], B [out] or nn.NoParam.
type Dense struct{ W, B nn.Param }

// NewDense adds a dense layer's parameters, name.w and name.b.
func NewDense[F nn.Float](p *nn.Params[F], name string, out, in int) Dense {
	return Dense{p.Add(name+".w", out, in), p.Add(name+".b", out)}
}

// NewProjection adds those of one without bias.
func NewProjection[F nn.Float](p *nn.Params[F], name string, out, in int) Dense {
	return Dense{p.Add(name+".w", out, in), nn.NoParam}
}

// norm are the parameters of a layer norm, both [width].
type norm struct{ Gain, Bias nn.Param }

// newNorm adds a layer norm.
func newNorm[F nn.Float](p *nn.Params[F], name string, width int) norm {
	return norm{p.Add(name+".gain", width), p.Add(name+".bias", width)}
}
