// Package yamlfile reads the small YAML files that a site writes by hand: policies, tests of
// policies, own codes. It is strict, since a slip in such a file would otherwise show only at
// the bedside, and its errors name the line, what was found and what was probably meant.
package yamlfile
