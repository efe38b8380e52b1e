package events

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Word is the second token of every subject: what kind of message it is.
type Word string

// The words of the contract; see the package's text. WordLater is not a
// message of its own: it holds a retry until its time has come.
const (
	WordNotice  Word = "notice"
	WordChange  Word = "change"
	WordCommand Word = "command"
	WordOutcome Word = "outcome"
	WordDead    Word = "dead"
	WordBreaker Word = "breaker"
	WordAudit   Word = "audit"
	WordLater   Word = "later"
)

// System is one of the two sides.
type System string

// The systems that Magpie connects.
const (
	Magento System = "magento"
	GP      System = "gp"
)

// Entity is a kind of record.
type Entity string

// Entities lists all entities. Each is declared in a file of its own.
var Entities []Entity

// declare adds an entity to the contract, with its event types.
func declare(entity Entity, types ...Type) Entity { //nolint:unparam // a package's variable needs a value
	Entities = append(Entities, entity)
	for _, t := range types {
		t.Entity = entity
		Types = append(Types, t)
	}
	return entity
}

// Role is a service of Magpie, as it stands in the subjects of dead letters.
type Role string

// The roles that consume messages and so can give up on one.
const (
	RoleIngest         Role = "ingest"
	RoleMagentoCapture Role = "magento-capture"
	RoleGPCapture      Role = "gp-capture"
	RoleTransform      Role = "transform"
	RoleGPWriter       Role = "gp-writer"
	RoleMagentoWriter  Role = "magento-writer"
	RoleDLQ            Role = "dlq"
)

// Subject is a parsed subject. Scope is the system for notices, changes,
// commands and outcomes, and the role for dead letters.
type Subject struct {
	Word   Word
	Pair   string
	Scope  string
	Entity Entity
	Key    Key
}

// Root is the first token of every subject of Magpie.
const Root = "magpie"

// String gives the NATS subject, with the key escaped.
func (s Subject) String() string {
	return strings.Join([]string{Root, string(s.Word), s.Pair, s.Scope, string(s.Entity), s.Key.Token()}, ".")
}

// System gives the subject's system; it is meaningless for dead letters.
func (s Subject) System() System { return System(s.Scope) }

// ErrSubject is given for a subject that is not of this contract.
var ErrSubject = errors.New("not a subject of Magpie")

// ParseSubject is the inverse of [Subject.String].
func ParseSubject(subject string) (Subject, error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 6 || parts[0] != Root || slices.Contains(parts, "") {
		return Subject{}, fmt.Errorf("%w: %q", ErrSubject, subject)
	}
	key, err := ParseToken(parts[5])
	if err != nil {
		return Subject{}, fmt.Errorf("%w: %q: %w", ErrSubject, subject, err)
	}
	return Subject{
		Word: Word(parts[1]), Pair: parts[2], Scope: parts[3], Entity: Entity(parts[4]), Key: key,
	}, nil
}

// NoticeSubject names a notice of a record.
func NoticeSubject(pair string, system System, entity Entity, key Key) Subject {
	return Subject{WordNotice, pair, string(system), entity, key}
}

// ChangeSubject names the changes of a record.
func ChangeSubject(pair string, system System, entity Entity, key Key) Subject {
	return Subject{WordChange, pair, string(system), entity, key}
}

// CommandSubject names the commands for a target system; key is the source's.
func CommandSubject(pair string, target System, entity Entity, key Key) Subject {
	return Subject{WordCommand, pair, string(target), entity, key}
}

// OutcomeSubject names the outcomes of a source record.
func OutcomeSubject(pair string, source System, entity Entity, key Key) Subject {
	return Subject{WordOutcome, pair, string(source), entity, key}
}

// DeadSubject names the dead letters of a role.
func DeadSubject(pair string, role Role, entity Entity, key Key) Subject {
	return Subject{WordDead, pair, string(role), entity, key}
}

// LaterSubject is where a retry of target waits until its time has come; id
// tells apart the messages of one key, so that each has one waiting retry.
func LaterSubject(target Subject, id string) string {
	return strings.Join([]string{
		Root, string(WordLater), string(target.Word), target.Pair, target.Scope, string(target.Entity),
		target.Key.Token(), Key(id).Token(),
	}, ".")
}

// BreakerSubject names the moves of a breaker: of one role, before one system,
// for one kind of traffic.
func BreakerSubject(pair string, system System, entity Entity, role Role) Subject {
	return Subject{WordBreaker, pair, string(system), entity, Key(role)}
}

// AuditSubject names what people did about a message of a role.
func AuditSubject(pair string, role Role, entity Entity, key Key) Subject {
	return Subject{WordAudit, pair, string(role), entity, key}
}

// ValidPair tells whether a name may stand as the pair's token in subjects.
func ValidPair(name string) bool {
	return name != "" && len(name) <= 32 && Key(name).Token() == name
}
