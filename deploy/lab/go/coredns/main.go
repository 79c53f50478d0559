// Command coredns is CoreDNS with the few plugins that a lab cluster needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// Directives run in this order, so it is theirs and not the alphabet's.
func init() {
	dnsserver.Directives = []string{
		"reload", "health", "ready", "errors", "cache", "loop", "kubernetes", "forward",
	}
}

func main() {
	coremain.Run()
}
