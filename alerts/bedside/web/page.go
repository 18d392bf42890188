package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed dist
var dist embed.FS

// asset is a file of the page.
type asset struct {
	kind, tag   string
	plain, gzip []byte
}

// Handler serves the page. What it answers is the same for everybody: who may see what is asked of the API.
func Handler() http.Handler {
	assets := map[string]asset{}
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		panic(err) // it is in the program
	}
	for _, e := range entries {
		plain, err := dist.ReadFile("dist/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(plain)
		name := "/" + e.Name()
		if name == "/index.html" {
			name = "/"
		}
		assets[name] = asset{kind: kindOf(e.Name()), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, plain: plain, gzip: packed(plain)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[r.URL.Path]
		switch {
		case !ok:
			http.Error(w, "there is no such page; / is the unit", http.StatusNotFound)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the page is only read", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.kind)
		h.Set("ETag", a.tag)
		h.Set("Cache-Control", "no-cache") // asked each time, sent when it is another
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("If-None-Match") == a.tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := a.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.gzip
		}
		if r.Method == http.MethodGet {
			_, _ = w.Write(body)
		}
	})
}

// kindOf is the media type of a file.
func kindOf(name string) string {
	return map[string]string{".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}[path.Ext(name)] + "; charset=utf-8"
}

// packed is a file as gzip.
func packed(plain []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(plain)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}
