// Package mimic reads a folder in the layout of MIMIC-III.
package mimic
