// Package onnxtest gives tests the real ONNX Runtime.
package onnxtest
