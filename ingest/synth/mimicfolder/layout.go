package mimicfolder

import (
	"fmt"
	"strings"
)

// kind is a table by what is in it, whatever an edition calls it.
type kind int

const (
	patients kind = iota
	admissions
	icuStays
	transfers
	chartEvents
	labEvents
	outputEvents
	inputsCV // of CareVue
	inputsMV // of MetaVision
	noteEvents
	chartItems
	labItems
	numKinds
)

// Layout is an edition of MIMIC: where its tables lie, what their columns are, and
// from which number on its invented patients, admissions and stays are counted.
type Layout struct {
	Name string // as the reader's source is called

	tables                    [numKinds]form
	subject, admission, stay  int
	carevue                   bool   // half of the patients are charted in CareVue
	careUnit, ward, emergency string // the words of the edition
	fahrenheit                string // MetaVision's unit of temperature
}

// form is a table as an edition has it; one without a file is not in the edition.
type form struct {
	file    string
	columns []string
}

func columns(list string) []string { return strings.Split(list, ",") }

// layouts have the columns of the published tables, in their order. The numbers of
// MIMIC-III's patients end before 100,000, those of MIMIC-IV's before 20,000,000.
var layouts = []*Layout{
	{
		Name: "mimic-iii", subject: 900_001, admission: 910_001, stay: 920_001, carevue: true,
		careUnit: "MICU", emergency: "EMERGENCY", fahrenheit: "?F",
		tables: [numKinds]form{
			patients:     {"PATIENTS", columns("ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG")},
			admissions:   {"ADMISSIONS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,ADMISSION_LOCATION,DISCHARGE_LOCATION,INSURANCE,LANGUAGE,RELIGION,MARITAL_STATUS,ETHNICITY,EDREGTIME,EDOUTTIME,DIAGNOSIS,HOSPITAL_EXPIRE_FLAG,HAS_CHARTEVENTS_DATA")},
			icuStays:     {"ICUSTAYS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,DBSOURCE,FIRST_CAREUNIT,LAST_CAREUNIT,FIRST_WARDID,LAST_WARDID,INTIME,OUTTIME,LOS")},
			transfers:    {"TRANSFERS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,DBSOURCE,EVENTTYPE,PREV_CAREUNIT,CURR_CAREUNIT,PREV_WARDID,CURR_WARDID,INTIME,OUTTIME,LOS")},
			chartEvents:  {"CHARTEVENTS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,ITEMID,CHARTTIME,STORETIME,CGID,VALUE,VALUENUM,VALUEUOM,WARNING,ERROR,RESULTSTATUS,STOPPED")},
			labEvents:    {"LABEVENTS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ITEMID,CHARTTIME,VALUE,VALUENUM,VALUEUOM,FLAG")},
			outputEvents: {"OUTPUTEVENTS", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,CHARTTIME,ITEMID,VALUE,VALUEUOM,STORETIME,CGID,STOPPED,NEWBOTTLE,ISERROR")},
			inputsCV:     {"INPUTEVENTS_CV", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,CHARTTIME,ITEMID,AMOUNT,AMOUNTUOM,RATE,RATEUOM,STORETIME,CGID,ORDERID,LINKORDERID,STOPPED,NEWBOTTLE,ORIGINALAMOUNT,ORIGINALAMOUNTUOM,ORIGINALROUTE,ORIGINALRATE,ORIGINALRATEUOM,ORIGINALSITE")},
			inputsMV:     {"INPUTEVENTS_MV", columns("ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,STARTTIME,ENDTIME,ITEMID,AMOUNT,AMOUNTUOM,RATE,RATEUOM,STORETIME,CGID,ORDERID,LINKORDERID,ORDERCATEGORYNAME,SECONDARYORDERCATEGORYNAME,ORDERCOMPONENTTYPEDESCRIPTION,ORDERCATEGORYDESCRIPTION,PATIENTWEIGHT,TOTALAMOUNT,TOTALAMOUNTUOM,ISOPENBAG,CONTINUEINNEXTDEPT,CANCELREASON,STATUSDESCRIPTION,COMMENTS_EDITEDBY,COMMENTS_CANCELEDBY,COMMENTS_DATE,ORIGINALAMOUNT,ORIGINALRATE")},
			noteEvents:   {"NOTEEVENTS", columns("ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT")},
			chartItems:   {"D_ITEMS", columns("ROW_ID,ITEMID,LABEL,ABBREVIATION,DBSOURCE,LINKSTO,CATEGORY,UNITNAME,PARAM_TYPE,CONCEPTID")},
			labItems:     {"D_LABITEMS", columns("ROW_ID,ITEMID,LABEL,FLUID,CATEGORY,LOINC_CODE")},
		},
	},
	{
		Name: "mimic-iv", subject: 90_000_001, admission: 91_000_001, stay: 92_000_001,
		careUnit: "Medical Intensive Care Unit (MICU)", ward: "Medicine", emergency: "EW EMER.", fahrenheit: "°F",
		tables: [numKinds]form{
			patients:     {"hosp/patients", columns("subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod")},
			admissions:   {"hosp/admissions", columns("subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_location,discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_expire_flag")},
			icuStays:     {"icu/icustays", columns("subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los")},
			transfers:    {"hosp/transfers", columns("subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime")},
			chartEvents:  {"icu/chartevents", columns("subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valuenum,valueuom,warning")},
			labEvents:    {"hosp/labevents", columns("labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments")},
			outputEvents: {"icu/outputevents", columns("subject_id,hadm_id,stay_id,caregiver_id,charttime,storetime,itemid,value,valueuom")},
			inputsMV:     {"icu/inputevents", columns("subject_id,hadm_id,stay_id,caregiver_id,starttime,endtime,storetime,itemid,amount,amountuom,rate,rateuom,orderid,linkorderid,ordercategoryname,secondaryordercategoryname,ordercomponenttypedescription,ordercategorydescription,patientweight,totalamount,totalamountuom,isopenbag,continueinnextdept,statusdescription,originalamount,originalrate")},
			chartItems:   {"icu/d_items", columns("itemid,label,abbreviation,linksto,category,unitname,param_type,lownormalvalue,highnormalvalue")},
			labItems:     {"hosp/d_labitems", columns("itemid,label,fluid,category")},
		},
	},
}

// LayoutNamed finds the layout "mimic-iii" or "mimic-iv". The error of another name
// says which there are.
func LayoutNamed(name string) (*Layout, error) {
	var names []string
	for _, l := range layouts {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, fmt.Errorf("there is no layout %q: want %s", name, strings.Join(names, " or "))
}
