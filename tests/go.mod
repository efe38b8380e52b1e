module github.com/magpie-integration/magpie/tests

go 1.26.8

replace github.com/magpie-integration/magpie/events => ../events

replace github.com/magpie-integration/magpie/libs => ../libs

replace github.com/magpie-integration/magpie/services => ../services

require (
	github.com/magpie-integration/magpie/events v0.0.0
	github.com/magpie-integration/magpie/libs v0.0.0
	github.com/magpie-integration/magpie/services v0.0.0
)
