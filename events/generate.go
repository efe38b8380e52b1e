package events

//go:generate go run ./internal/generate
