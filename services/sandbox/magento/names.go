package magento

import (
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

var firstNames = []string{
	"Olivia", "Liam", "Emma", "Noah", "Amelia", "Oliver", "Charlotte", "James", "Sophia", "Elijah", "Isabella", "William", "Ava", "Henry",
	"Mia", "Lucas", "Evelyn", "Benjamin", "Luna", "Theodore", "Harper", "Mateo", "Camila", "Levi", "Gianna", "Sebastian", "Elizabeth", "Daniel",
	"Eleanor", "Jack", "Ella", "Michael", "Abigail", "Alexander", "Sofia", "Owen", "Avery", "Asher", "Scarlett", "Samuel", "Emily", "Ethan",
	"Aria", "Leo", "Penelope", "Jackson", "Chloe", "Mason", "Layla", "Ezra", "Mila", "John", "Nora", "Hudson", "Hazel", "Luca", "Madison",
	"Aiden", "Ellie", "Joseph",
}

var lastNames = []string{
	"Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez", "Lopez", "Gonzalez",
	"Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson", "White", "Harris", "Sanchez", "Clark",
	"Ramirez", "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright", "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green",
	"Adams", "Nelson", "Baker", "Hall", "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "O'Brien", "St. Clair", "McAllister",
	"Van der Berg", "Okafor", "Patel", "Kim", "Haugen", "Castellano", "Whitfield-Harrington",
}

// foreigner is a shopper from outside the US, with letters that ASCII lacks.
type foreigner struct {
	first, last, street, city, region, postcode, country, phone string
}

var foreigners = []foreigner{
	{"Zoë", "Lefèvre", "18 rue de l'Abbé Grégoire", "Paris", "", "75006", "FR", "+33 1 55 55 01 42"},
	{"Jürgen", "Weiß", "Königstraße 27", "Köln", "Nordrhein-Westfalen", "50667", "DE", "+49 221 5550142"},
	{"Łukasz", "Wójcik", "ul. Świętojańska 9/3", "Gdynia", "Pomorskie", "81-368", "PL", "+48 58 555 01 42"},
	{"Núria", "Peña Muñoz", "Carrer de Mallorca 401, 2º 1ª", "Barcelona", "Barcelona", "08013", "ES", "+34 93 555 01 42"},
	{"Siobhán", "Ní Dhomhnaill", "3 Quay Lane", "Dingle", "Co. Kerry", "V92 X2Y3", "IE", "+353 66 555 0142"},
	{"Søren", "Ærø", "Strandgade 12", "Århus", "", "8000", "DK", "+45 86 55 01 42"},
	{"Élodie", "Tremblay", "455 rue Saint-Jean", "Québec", "Quebec", "G1R 1P4", "CA", "418-555-0142"},
	{"Þórdís", "Jónsdóttir", "Laugavegur 44", "Reykjavík", "", "101", "IS", "+354 555 0142"},
	{"Ngọc Ánh", "Trần", "Hauptplatz 5", "Graz", "Steiermark", "8010", "AT", "+43 316 5550142"},
	{"Harriet", "Ashworth", "Flat 2, 11 Mill Street", "Leeds", "West Yorkshire", "LS1 4AP", "GB", "+44 113 555 0142"},
}

// town is a US city with its region as directory_country_region numbers it.
type town struct {
	city, region, code string
	regionID           int64
	zip                string // the first three digits
	area               string // telephone area code
}

var towns = []town{
	{"Burlington", "Vermont", "VT", 59, "054", "802"}, {"Austin", "Texas", "TX", 57, "787", "512"}, {"Portland", "Oregon", "OR", 49, "972", "503"},
	{"Chicago", "Illinois", "IL", 23, "606", "312"}, {"Denver", "Colorado", "CO", 13, "802", "303"}, {"Seattle", "Washington", "WA", 62, "981", "206"},
	{"Atlanta", "Georgia", "GA", 19, "303", "404"}, {"Boston", "Massachusetts", "MA", 32, "021", "617"}, {"Phoenix", "Arizona", "AZ", 4, "850", "602"},
	{"Nashville", "Tennessee", "TN", 56, "372", "615"}, {"Columbus", "Ohio", "OH", 47, "432", "614"}, {"San Diego", "California", "CA", 12, "921", "619"},
	{"Brooklyn", "New York", "NY", 43, "112", "718"}, {"Miami", "Florida", "FL", 18, "331", "305"}, {"Charlotte", "North Carolina", "NC", 44, "282", "704"},
	{"Minneapolis", "Minnesota", "MN", 34, "554", "612"}, {"Fargo", "North Dakota", "ND", 45, "581", "701"}, {"Boise", "Idaho", "ID", 22, "837", "208"},
	{"Omaha", "Nebraska", "NE", 38, "681", "402"}, {"Salt Lake City", "Utah", "UT", 58, "841", "801"}, {"Ann Arbor", "Michigan", "MI", 33, "481", "734"},
	{"Madison", "Wisconsin", "WI", 64, "537", "608"}, {"Kansas City", "Missouri", "MO", 36, "641", "816"}, {"Albuquerque", "New Mexico", "NM", 42, "871", "505"},
}

var streetNames = []string{
	"Maple", "Oak", "Cedar", "Elm", "Washington", "Lake", "Hill", "Walnut", "Spring", "Church", "Mill", "River", "Sunset", "Lincoln", "Jackson",
	"Franklin", "Prospect", "Chestnut", "Highland", "Meadow",
}

var (
	streetKinds = []string{"Street", "Avenue", "Road", "Court", "Lane", "Drive", "Boulevard", "Way"}
	companies   = []string{
		"Northwind Outfitters LLC", "Blue Heron Supply Co.", "Granite Peak Rentals", "Harbor & Pine Inc.", "Two Rivers Cycling",
		"Lakeside Physical Therapy", "Summit School District 12", "Redwood Hotel Group",
	}
)

// productLine is a kind of thing the store sells, with the whole dollars its
// price lies between.
type productLine struct {
	code, name string
	from, to   int
	sized      bool
}

var productLines = []productLine{
	{"JKT", "Trail Jacket", 59, 189, true}, {"TEE", "Merino Tee", 19, 49, true}, {"SHO", "Running Shorts", 24, 59, true},
	{"HOO", "Fleece Hoodie", 39, 89, true}, {"PNT", "Hiking Pants", 49, 119, true}, {"TNK", "Training Tank", 15, 39, true},
	{"BTL", "Steel Bottle", 12, 39, false}, {"BAG", "Duffel Bag", 35, 95, false}, {"MAT", "Yoga Mat", 18, 79, false},
	{"LMP", "Head Lamp", 22, 89, false}, {"TNT", "Two Person Tent", 129, 449, false}, {"STV", "Camp Stove", 39, 149, false},
	{"PCK", "Day Pack", 45, 139, false}, {"CAP", "Sun Cap", 14, 29, false}, {"GLV", "Liner Gloves", 16, 45, false},
	{"SCK", "Crew Socks", 9, 25, false}, {"BND", "Resistance Band", 8, 29, false}, {"RPE", "Climbing Rope", 89, 249, false},
	{"KTL", "Kettlebell", 29, 99, false}, {"TWL", "Travel Towel", 12, 35, false},
}

var (
	brands       = []string{"Alder", "Bristlecone", "Cascade", "Driftwood", "Everline", "Fernhill", "Glacier", "Hawthorn", "Ironwood", "Juniper"}
	colours      = []string{"Black", "Green", "Orange", "Blue", "Gray"}
	sizes        = []string{"S", "M", "L"}
	priceEndings = []decimal.Decimal{decimal.Zero, decimal.New(95, -2), decimal.New(99, -2), decimal.New(50, -2), decimal.New(49, -2)}
)
