// Package tests holds the tests of Magpie as a whole, in a module of its own,
// so that their dependencies stay out of the product: chaos (everything is
// killed while orders flow), replicas (claims under kill and freeze), contract
// (both connectors against both sandboxes, in every variant), and layers (who
// may import whom).
package tests
