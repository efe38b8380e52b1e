package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/dlq"
)

type dlqEditCmd struct {
	ID   string   `arg:"" help:"The letter's id."`
	File string   `short:"f" xor:"from" placeholder:"FILE" help:"Take the new payload from this file, or - for standard input, instead of opening $$EDITOR."`
	Set  []string `xor:"from" sep:"none" placeholder:"PATH=VALUE" help:"Change only this, such as document.lines[0].item=24-MB01; may be repeated."`
	By   string   `help:"Who does it; the default is the operating system's user."`
}

// Help is the command's long help.
func (dlqEditCmd) Help() string {
	return `The payload is the message's whole body: a command with its document, or a change with its record. It is checked before anything is
stored, and replayed with a revision above the unedited one's. A later change of the record in its source still overwrites it, so
mend the source too.`
}

// Run edits a letter and replays it.
func (c dlqEditCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		letters := dlq.NewLetters(b)
		letter, err := letters.Show(ctx, c.ID)
		if err != nil {
			return err
		}
		payload, kept, err := c.payload(ctx, t, letter.Whole.Message.Body)
		if err == nil {
			letter, err = letters.Edit(ctx, c.ID, author(c.By), payload)
		}
		if err != nil {
			if kept != "" {
				fmt.Fprintf(t.err, "what you wrote is kept in %s; go on with --file\n", kept)
			}
			return err
		}
		if kept != "" {
			_ = os.Remove(kept) // it is in the stream now
		}
		if t.json {
			return t.print(letter)
		}
		fmt.Fprintf(t.out, "edited and replayed %s; magpie trace %s %s\n", c.ID, letter.Entity, letter.Key)
		return nil
	})
}

// payload gives the new payload, and the file that an editor left it in.
func (c dlqEditCmd) payload(ctx context.Context, t *terminal, body []byte) (payload []byte, kept string, err error) {
	switch {
	case c.File == "-":
		payload, err = io.ReadAll(os.Stdin)
		return payload, "", err
	case c.File != "":
		payload, err = os.ReadFile(c.File)
		return payload, "", err
	case len(c.Set) > 0:
		payload = body
		for _, set := range c.Set {
			path, value, ok := strings.Cut(set, "=")
			if !ok {
				return nil, "", fmt.Errorf("--set %s: write PATH=VALUE", set)
			}
			if payload, err = dlq.Set(payload, path, value); err != nil {
				return nil, "", err
			}
		}
		return payload, "", nil
	}
	return editor(ctx, t, body)
}

// editor opens the person's editor on the payload.
func editor(ctx context.Context, t *terminal, body []byte) (payload []byte, kept string, err error) {
	program := os.Getenv("EDITOR")
	if program == "" {
		return nil, "", fmt.Errorf("EDITOR names no editor; set it, or use --file or --set")
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, body, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(body) // what isn't JSON is what is to be mended
	}
	file, err := os.CreateTemp("", "magpie-letter-*.json") // 0600: it may have names and addresses
	if err != nil {
		return nil, "", err
	}
	kept = file.Name()
	if _, err = file.Write(pretty.Bytes()); err == nil {
		err = file.Close()
	}
	if err != nil {
		return nil, kept, err
	}
	// EDITOR may have arguments ("code --wait"), as git has it.
	run := exec.CommandContext(ctx, "sh", "-c", program+` "$1"`, "editor", kept) //nolint:gosec // the person's own editor
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, t.out, t.err
	if err := run.Run(); err != nil {
		return nil, kept, fmt.Errorf("the editor %s: %w", program, err)
	}
	payload, err = os.ReadFile(kept)
	return payload, kept, err
}
