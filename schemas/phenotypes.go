package schemas

// Phenotypes are the 25 phenotypes in the order of the model's output: the order
// of the public definition file (CCS groups marked for the benchmark), which is
// also the paper's.
var Phenotypes = [25]string{
	"Septicemia (except in labor)",
	"Diabetes mellitus without complication",
	"Diabetes mellitus with complications",
	"Disorders of lipid metabolism",
	"Fluid and electrolyte disorders",
	"Essential hypertension",
	"Hypertension with complications and secondary hypertension",
	"Acute myocardial infarction",
	"Coronary atherosclerosis and other heart disease",
	"Conduction disorders",
	"Cardiac dysrhythmias",
	"Congestive heart failure; nonhypertensive",
	"Acute cerebrovascular disease",
	"Pneumonia (except TB or STD)",
	"Chronic obstructive pulmonary disease and bronchiectasis",
	"Pleurisy; pneumothorax; pulmonary collapse",
	"Respiratory failure; insufficiency; arrest (adult)",
	"Other lower respiratory disease",
	"Other upper respiratory disease",
	"Other liver diseases",
	"Gastrointestinal hemorrhage",
	"Acute and unspecified renal failure",
	"Chronic kidney disease",
	"Complications of surgical procedures or medical care",
	"Shock",
}
