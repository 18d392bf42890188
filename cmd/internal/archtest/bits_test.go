package archtest

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// The functions of package math (Exp, Log1p, Tanh, Sin, Cos) are not looked at here: some
// machines have assembly for them, so that their last bits may differ; fusion.Kernel says so.

// serving are the packages between a message and the alert that follows from it. The
// same input has to give the same bits in them on every machine.
var serving = []string{"./schemas/...", "./window/...", "./encoders/...", "./fusion", "./alerts/..."}

// fusedOnPurpose are the functions that may hold a fused multiplication and addition,
// by file and name.
var fusedOnPurpose = map[string]string{
	"encoders/nn/float.go fma32":  "a product of two float32 is exact in float64: to fuse its sum changes no bit",
	"encoders/nn/float.go fmaOdd": "its product is exact too",
}

// TestNothingIsFused compiles the serving packages for arm64, where the compiler makes
// one instruction of x*y + z and so leaves out the rounding of the product. A
// conversion, float64(x*y) + z, forbids it.
func TestNothingIsFused(t *testing.T) {
	if testing.Short() {
		t.Skip("the first time it compiles all for another machine")
	}
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", append([]string{"build", "-trimpath=false", "-gcflags=-S"}, serving...)...)
	build.Dir, build.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	listing, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, listing[max(0, len(listing)-4000):])
	}
	fused := regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \((.+):(\d+)\)\t(FN?M(?:ADD|SUB)[SD]|VFML[AS])\t`)
	seen, used := map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(listing))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		found := fused.FindStringSubmatch(lines.Text())
		if found == nil || seen[found[1]+found[2]] {
			continue
		}
		seen[found[1]+found[2]] = true
		rel, err := filepath.Rel(root, found[1])
		if err != nil {
			t.Fatal(err)
		}
		at, _ := strconv.Atoi(found[2])
		function := functionAt(t, found[1], at)
		if name := filepath.ToSlash(rel) + " " + function; fusedOnPurpose[name] != "" {
			used[name] = true
			continue
		}
		t.Errorf("%s:%d: %s holds a fused %s on arm64: round the product, float64(x*y) + z", rel, at, function, found[3])
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for name := range fusedOnPurpose {
		if !used[name] {
			t.Errorf("%s holds nothing fused: it need not be named, or the listing was not understood", name)
		}
	}
}

// functionAt is the name of the function that holds a line of a file.
func functionAt(t *testing.T, path string, line int) string {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return functionOf(f, files.File(f.Pos()).LineStart(line))
}

// functionOf is the name of the function around a place: Type.Name of a method, empty
// of a declaration outside of all.
func functionOf(f *ast.File, at token.Pos) string {
	for _, d := range f.Decls {
		d, ok := d.(*ast.FuncDecl)
		if !ok || at < d.Pos() && d.Pos()-at > 1 || at >= d.End() {
			continue
		}
		if d.Recv == nil {
			return d.Name.Name
		}
		of := d.Recv.List[0].Type
		if star, ok := of.(*ast.StarExpr); ok {
			of = star.X
		}
		if generic, ok := of.(*ast.IndexExpr); ok {
			of = generic.X
		}
		return of.(*ast.Ident).Name + "." + d.Name.Name
	}
	return ""
}
