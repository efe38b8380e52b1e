package gp

import (
	"fmt"
	"strings"
)

// watched are the tables that feed eConnect_Out, and the columns of a key.
var watched = []struct {
	table, docType string
	key            []string
}{
	{"RM00101", "Customer", []string{"CUSTNMBR"}},
	{"RM00102", "CustomerAddress", []string{"CUSTNMBR", "ADRSCODE"}},
	{"IV00101", "Item", []string{"ITEMNMBR"}},
	{"IV00107", "Pricing", []string{"ITEMNMBR", "CURNCYID", "PRCLEVEL", "UOFM"}},
	{"SOP10100", salesDocType, []string{"SOPNUMBE", "SOPTYPE"}},
	{"SOP30200", salesDocType, []string{"SOPNUMBE", "SOPTYPE"}},
}

const salesDocType = "Sales"

// triggers are the database's: a change of a site's quantity stamps the item
// (trigger scripts zDT_IV00102C, U and D), and a change of a record is noted in
// eConnect_Out. They find the stamp in table clock.
func triggers() string {
	var sql []string
	trigger := func(name, when, do string) {
		sql = append(sql, "DROP TRIGGER IF EXISTS "+name, "CREATE TRIGGER "+name+" "+when+" BEGIN "+do+"; END")
	}
	for suffix, event := range map[string]string{"C": "INSERT", "U": "UPDATE", "D": "DELETE"} {
		trigger("zDT_IV00102"+suffix, "AFTER "+event+" ON IV00102",
			"UPDATE IV00101 SET DEX_ROW_TS = (SELECT utc FROM clock) WHERE ITEMNMBR = "+side(event)+".ITEMNMBR AND DEX_ROW_TS <> (SELECT utc FROM clock)")
	}
	for _, w := range watched {
		for event, action := range map[string]string{"INSERT": "Created", "UPDATE": "Updated", "DELETE": "Deleted"} {
			on, when := event, "(SELECT feed FROM clock)"
			switch {
			case event == "UPDATE": // an edit sets the stamp, even to the same one
				on = "UPDATE OF DEX_ROW_TS"
			case w.table == "SOP30200" && event == "INSERT": // a document comes from work
				action = "Updated"
			case w.table == "SOP10100" && event == "DELETE": // and is still there
				when += " AND NOT EXISTS (SELECT 1 FROM SOP30200 h WHERE h.SOPNUMBE = OLD.SOPNUMBE AND h.SOPTYPE = OLD.SOPTYPE)"
			}
			trigger("out_"+w.table+"_"+event, "AFTER "+on+" ON "+w.table+" WHEN "+when, feed(w.docType, side(event), w.key, action))
		}
	}
	return strings.Join(sql, ";\n")
}

// side is the row that a trigger sees.
func side(event string) string {
	if event == "DELETE" {
		return "OLD"
	}
	return "NEW"
}

// feed notes a key's change. What is deleted and inserted in one transaction
// was updated.
func feed(docType, side string, key []string, action string) string {
	index := []string{"''", "''", "''", "''"}
	for i, column := range key {
		index[i] = side + "." + column
	}
	return fmt.Sprintf(`INSERT INTO eConnect_Out (DOCTYPE, INDEX1, INDEX2, INDEX3, INDEX4, ACTION, DEX_ROW_TS)
		VALUES ('%s', %s, '%s', (SELECT utc FROM clock))
		ON CONFLICT (DOCTYPE, INDEX1, INDEX2, INDEX3, INDEX4) DO UPDATE SET
			ACTION = CASE WHEN eConnect_Out.ACTION = 'Deleted' AND eConnect_Out.DEX_ROW_TS = excluded.DEX_ROW_TS THEN 'Updated' ELSE excluded.ACTION END,
			DEX_ROW_TS = excluded.DEX_ROW_TS`, docType, strings.Join(index, ", "), action)
}
