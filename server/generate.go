package server

//go:generate go run ./apidoc ../docs/api.md
