// Command task is what the tests of local/fargate run: it does what its arguments say, one after the other.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	for _, arg := range os.Args[1:] {
		verb, value, _ := strings.Cut(arg, "=")
		switch verb {
		case "env":
			fmt.Printf("%s is %q\n", value, os.Getenv(value))
		case "wait":
			fmt.Println("waiting")
			<-terminated
			fmt.Println("terminated")
			os.Exit(143)
		case "ignore":
			fmt.Println("ignoring")
			select {}
		case "get":
			fmt.Println(call(http.MethodGet, os.ExpandEnv(value), ""))
		case "protect":
			fmt.Println(call(http.MethodPut, os.Getenv("ECS_AGENT_URI")+"/task-protection/v1/state", value))
		case "serve":
			port := os.Getenv("PORT") // of a process
			if port == "" {
				port = value // of a container
			}
			self := os.Getenv("ECS_CONTAINER_METADATA_URI_V4")
			go func() {
				fmt.Println(http.ListenAndServe(":"+port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					fmt.Fprintf(w, "%s answers %s for %s", self, r.URL.Path, r.Header.Get("X-Forwarded-Proto"))
				})))
			}()
		case "exit":
			code, _ := strconv.Atoi(value)
			fmt.Fprint(os.Stderr, "a last line without an end")
			os.Exit(code)
		}
	}
}

func call(method, url, body string) string {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return string(text)
}
