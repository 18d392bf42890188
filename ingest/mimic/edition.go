package mimic

import "github.com/vigil-icu/vigil/schemas"

// Names of the sources, and the domains of their patients.
const (
	Name   = "mimic-iii"
	NameIV = "mimic-iv"
)

// edition is a published form of MIMIC: where its tables lie and what their columns are
// called. All else is the same code, so that a rule that is mended is mended for both.
type edition struct {
	name, title string
	home        string   // how a message tells people which folder is wanted
	layout      []string // tables by which the folder is told from others; they must be there

	admissions, stays, patients, transfers form
	values                                 []valueForm
	inputsCV, inputsMV                     form
	notes                                  []noteForm
	dictionaries                           []string

	tables [numTables]string // names of the tables of values, as references have them
	items  itemTable
}

// form is a table as an edition has it: its name, with its folder, and its columns
// in the order in which its reader asks for them, "" for one that is not there.
type form struct {
	file    string
	columns []string
}

// valueForm is a table with one value a row.
type valueForm struct {
	table uint8
	form
}

// noteForm is a table of notes.
type noteForm struct {
	form
	kind  string // of every note in it, where no column says it
	ref   string // what references begin with
	daily bool   // a note at midnight bears a date and no time
}

// editionIII is MIMIC-III 1.4, one flat folder of tables with names in capitals.
var editionIII = &edition{
	name: Name, title: "MIMIC-III 1.4",
	home:   "the folder that holds ICUSTAYS.csv.gz and the other MIMIC-III tables",
	layout: []string{"ICUSTAYS", "PATIENTS", "ADMISSIONS", "CHARTEVENTS"},

	admissions: form{"ADMISSIONS", []string{"hadm_id", "admission_type", "deathtime"}},
	stays: form{"ICUSTAYS", []string{"subject_id", "hadm_id", "icustay_id", "intime", "outtime",
		"first_careunit", "last_careunit", "first_wardid", "last_wardid"}},
	patients:  form{"PATIENTS", []string{"subject_id", "gender", "dob", "", ""}},
	transfers: form{"TRANSFERS", []string{"row_id", "subject_id", "intime", "curr_careunit", "curr_wardid"}},
	values: []valueForm{
		{chartEvents, form{"CHARTEVENTS", []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "value", "valuenum", "valueuom", "error"}}},
		{labEvents, form{"LABEVENTS", []string{"row_id", "subject_id", "itemid", "charttime", "", "value", "valuenum", "valueuom", ""}}},
		{outputEvents, form{"OUTPUTEVENTS", []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "", "value", "valueuom", "iserror"}}},
	},
	inputsCV: form{"INPUTEVENTS_CV", []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "amount", "amountuom", "rate", "rateuom"}},
	inputsMV: form{"INPUTEVENTS_MV", []string{"row_id", "subject_id", "itemid", "starttime", "storetime", "amount", "amountuom", "rate", "rateuom",
		"endtime", "statusdescription"}},
	notes: []noteForm{
		{form: form{"NOTEEVENTS", []string{"row_id", "subject_id", "chartdate", "charttime", "storetime", "category", "iserror", "text"}}, ref: "NOTEEVENTS"},
	},
	dictionaries: []string{"D_ITEMS", "D_LABITEMS"},

	tables: [numTables]string{"CHARTEVENTS", "INPUTEVENTS_CV", "INPUTEVENTS_MV", "LABEVENTS", "OUTPUTEVENTS"},
	items:  itemsOf(func(c *schemas.ChannelInfo) []schemas.Item3 { return c.MIMIC3 }),
}

// editionIV is MIMIC-IV, whose tables lie in hosp, icu and note. It has no row_id: where a
// table has no id of its own, item and charted time stand in for it.
var editionIV = &edition{
	name: NameIV, title: "MIMIC-IV 2.2 or 3.1",
	home:   "the folder that holds hosp/ and icu/",
	layout: []string{"hosp/patients", "hosp/admissions", "icu/icustays", "icu/chartevents"},

	admissions: form{"hosp/admissions", []string{"hadm_id", "admission_type", "deathtime"}},
	stays: form{"icu/icustays", []string{"subject_id", "hadm_id", "stay_id", "intime", "outtime",
		"first_careunit", "last_careunit", "", ""}},
	patients:  form{"hosp/patients", []string{"subject_id", "gender", "", "anchor_age", "anchor_year"}},
	transfers: form{"hosp/transfers", []string{"transfer_id", "subject_id", "intime", "careunit", ""}},
	values: []valueForm{
		{chartEvents, form{"icu/chartevents", []string{"", "subject_id", "itemid", "charttime", "storetime", "value", "valuenum", "valueuom", ""}}},
		{labEvents, form{"hosp/labevents", []string{"labevent_id", "subject_id", "itemid", "charttime", "storetime", "value", "valuenum", "valueuom", ""}}},
		{outputEvents, form{"icu/outputevents", []string{"", "subject_id", "itemid", "charttime", "storetime", "", "value", "valueuom", ""}}},
	},
	inputsMV: form{"icu/inputevents", []string{"", "subject_id", "itemid", "starttime", "storetime", "amount", "amountuom", "rate", "rateuom",
		"endtime", "statusdescription"}},
	notes: []noteForm{
		{form: form{"note/discharge", []string{"note_id", "subject_id", "", "charttime", "storetime", "", "", "text"}}, kind: "discharge summary", ref: "discharge", daily: true},
		{form: form{"note/radiology", []string{"note_id", "subject_id", "", "charttime", "storetime", "", "", "text"}}, kind: "radiology", ref: "radiology"},
	},
	dictionaries: []string{"icu/d_items", "hosp/d_labitems"},

	tables: [numTables]string{chartEvents: "chartevents", inputEventsMV: "inputevents", labEvents: "labevents", outputEvents: "outputevents"},
	items:  itemsOf(func(c *schemas.ChannelInfo) []schemas.Item3 { return c.MIMIC4 }),
}

// editions are all that can be opened; a folder that is none of one may be of another.
var editions = []*edition{editionIII, editionIV}
