// Command docgen writes the tables of docs/reference from the code that they
// describe, so that they can't say anything else: the configuration's keys from
// package config's schema, the functions and the settings of the flows that
// ship from package flow, the documents that flows write from package events.
//
// It runs in its own folder, by go generate; a test fails when a table is stale.
package main

//go:generate go run .
