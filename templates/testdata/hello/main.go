// Command hello answers every request with who it is, as nginxdemos/hello does.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	err := http.ListenAndServe(":"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Server address: %s, for %s", os.Getenv("ECS_CONTAINER_METADATA_URI_V4"), r.Header.Get("X-Forwarded-Proto"))
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
