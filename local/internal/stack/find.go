package stack

import (
	"errors"
	"os"
	"path/filepath"
)

var errNoRepository = errors.New("find the repository: no go.mod and template.yaml here or above")

// FindRoot returns the folder of the repository: the working folder or the nearest one above it.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, errModule := os.Stat(filepath.Join(dir, "go.mod"))
		_, errTemplate := os.Stat(filepath.Join(dir, "template.yaml"))
		if errModule == nil && errTemplate == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errNoRepository
		}
		dir = filepath.Dir(dir)
	}
}
