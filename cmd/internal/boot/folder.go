package boot

// StateFolder is the folder of broker and store; empty where both run elsewhere.
func (h *House) StateFolder() string { return h.config.State }
