package sample

// stories are all tickets.
func stories() []story { return append(append(earlier(), recent()...), today()...) }

// today are the tickets that just came in.
func today() []story {
	return []story{
		{before: 12 * minute, by: "david", about: hardware("printer", "jam", "Magazijn, begane grond"),
			summary: "Labelprinter loopt vast bij elke rol",
			text:    "Na elke vijf labels staat hij stil. Klep open en dicht helpt even. De zendingen van vanmiddag moeten nog weg."},
		{before: 34 * minute, by: "eva", kind: "question", about: software("office", "documents", ""), priority: "low",
			summary: "Which template do we use for offers now?",
			text:    "There are two on the shared drive, *Offer 2025* and *Offer new*. Which one should sales use?"},
		{before: 71 * minute, by: "ana", about: software("account", "two-factor", "This code has expired. Request a new one."), priority: "high",
			summary: "Login codes are refused on my new phone",
			text:    "I got a new phone yesterday. The codes in the app are always *expired*, even right after they change.",
			then: []step{
				claim("bram", 9*minute),
				ask("bram", 4*minute, "Is the time of your phone set by hand? Codes only work if it is right to the second. Please look under Settings › Date and time."),
			}},
		{before: 2*hour + 5*minute, by: "david", about: network("Magazijn, laadperron 2", "some"),
			summary: "Wifi valt steeds weg bij het laadperron",
			text:    "De scanners verliezen om de paar minuten de verbinding. Bij perron 1 gaat het goed.",
			then: []step{
				claim("carla", 11*minute),
				reply("carla", 6*minute, "Ik kijk ernaar. Kun je zeggen hoe laat het vanochtend begon?"),
				says("david", 14*minute, "Rond half negen, toen de tweede vrachtwagen er stond."),
				note("carla", 8*minute, "Access point AP-W2 restarts every 4 minutes. Looks like the power injector; there is a spare in the cabinet."),
			}},
		{before: 3*hour + 20*minute, by: "eva", kind: "request", about: access("eva", "crm", "files"),
			summary: "Access to the customer records of the Nordic team",
			text:    "I take over three customers from Lars on Monday and need to read their history.",
			then:    []step{assign("bram", 25*minute, "carla")}},
	}
}

// recent are the tickets of this week.
func recent() []story {
	return []story{
		{before: 6 * hour, by: "ana", kind: "request", about: hardware("screen", "", "Main building, floor 2, room 2.14"), priority: "low",
			summary: "Second screen for my desk",
			text:    "I compare invoices all day. A second screen would help a lot.",
			then: []step{
				claim("bram", 40*minute),
				reply("bram", 5*minute, "Good idea. We get new screens next week and I have put one aside for you."),
				status("bram", 2*minute, "planned", "Delivery of the screens is next Tuesday."),
			}},
		{before: day + hour, by: "david", kind: "request", about: hardware("laptop", "", "Magazijn, kantoor"), since: 3,
			summary: "Laptop voor de nieuwe teamleider",
			text:    "Noor begint de eerste van de maand. Ze heeft een laptop met dock nodig.",
			then: []step{
				claim("carla", 30*minute),
				ask("carla", 20*minute, "Heeft ze ook een telefoon nodig, of neemt ze die van haar voorganger over?"),
			}},
		{before: day + 4*hour, by: "eva", about: software("mail", "calendar", ""),
			summary: "Meetings appear one hour late in my calendar",
			text:    "Since I am in Stockholm this week, everything from the office shows one hour later. I already missed a call.",
			then: []step{
				priority("carla", 12*minute, "high", "You are missing meetings because of it."),
				claim("carla", 1*minute),
				reply("carla", 9*minute, "Your calendar has a fixed time zone. Under Settings › Calendar, choose *Follow the device*. Does it look right then?"),
				says("eva", 22*minute, "Yes! All meetings jumped back to where they should be."),
				resolve("carla", 5*minute, "The calendar follows the device's time zone again."),
			}},
		{before: 2 * day, by: "ana", about: hardware("printer", "toner", "Main building, floor 3, copy room"),
			summary: "Printer on floor 3 prints pale stripes",
			text:    "The month-end reports are hard to read.",
			then: []step{
				claim("bram", 15*minute),
				note("bram", 3*minute, "Drum at 4 %, toner at 9 %. Ordered both."),
				status("bram", 2*minute, "waiting-third-party", "The supplier delivers a new drum the day after tomorrow. The printer on floor 2 works until then."),
				follow("bram", 1*minute, "eva"),
			}},
		{before: 2*day + 2*hour, by: "david", about: software("account", "password", "Uw account is vergrendeld."), priority: "urgent",
			summary: "Account vergrendeld, kan niet inloggen op de scanner",
			text:    "Drie keer het verkeerde wachtwoord, nu kom ik er helemaal niet meer in.",
			then: []step{
				claim("bram", 3*minute),
				resolve("bram", 6*minute, "Je account is weer open. Je oude wachtwoord werkt nog."),
				says("david", 12*minute, "Werkt weer, bedankt!"),
				resolve("bram", 4*minute, "Graag gedaan. Je account is open en werkt."),
			}},
		{before: 2*day + 5*hour, by: "eva", kind: "question", about: other(),
			summary: "Can I take my laptop to China?",
			text:    "I visit a fair in Shanghai in three weeks. Is there anything I should know?",
			then: []step{
				claim("carla", 50*minute),
				reply("carla", 35*minute, "Please don't take your own one. We lend a travel laptop with only what you need on it."),
				says("eva", 15*minute, "Great, from the 12th to the 18th please."),
				status("carla", 10*minute, "planned", "The travel laptop is reserved from the 11th."),
				note("carla", 1*minute, "Travel laptop 2. Wipe it when it comes back."),
			}},
		{before: 3 * day, by: "ana", about: network("Main building, floor 2", "all"), priority: "urgent",
			summary: "No internet on floor 2",
			text:    "Nobody here can open anything. The phones work.",
			then: []step{
				claim("carla", 2*minute),
				share("carla", 1*minute),
				reply("carla", 3*minute, "We see it: a switch lost power. Somebody is on the way."),
				follow("ana", 2*minute, "eva"),
				says("eva", 3*minute, "Sales is cut off as well, we are in room 2.03."),
				note("carla", 12*minute, "Breaker 2B had tripped. Somebody plugged a heater into the rack's circuit."),
				resolve("carla", 6*minute, "The switch has power again and everything is back. It was a tripped breaker."),
				says("ana", 25*minute, "It is gone again!"),
				priority("carla", 2*minute, "high", "Only half of the floor is affected now."),
				resolve("carla", 20*minute, "The heater was plugged in again. It now stands elsewhere, and the rack has a circuit of its own."),
				shut("ana", 3*hour),
			}},
		{before: 3*day + 3*hour, by: "david", about: hardware("phone", "cracked", "Magazijn, orderpicking"),
			summary: "Scherm van de werktelefoon gebarsten",
			text:    "Gevallen bij het laden. Hij doet het nog, maar ik snij me bijna aan het glas.",
			then: []step{
				claim("bram", 20*minute),
				reply("bram", 5*minute, "Kom even langs, ik heb een leentoestel voor je klaarliggen."),
				says("david", 45*minute, "Opgehaald, dank je."),
				status("bram", 10*minute, "waiting-third-party", "Het toestel is naar de reparateur. Dat duurt ongeveer een week."),
			}},
		{before: 3*day + 6*hour, by: "eva", about: software("office", "spreadsheets", "Not enough memory to finish this operation."),
			summary: "Forecast spreadsheet crashes when I sort it",
			text:    "It has 80 000 rows. Sorting by customer closes the program without saving.",
			then: []step{
				claim("bram", 1*hour),
				ask("bram", 10*minute, "Could you put the file into the *Exchange* folder? Then I can try it here."),
				says("eva", 2*hour, "It is there now: forecast-q4."),
				assign("bram", 15*minute, "carla"),
				note("bram", 1*minute, "You know these macros better than I do."),
				reply("carla", 3*hour, "A hidden sheet had a million empty rows with colours. I took them out; the copy *forecast-q4-clean* sorts in a second. Please look whether all is there."),
			}},
		{before: 4*day + 1*hour, by: "ana", kind: "request", about: access("david", "files"),
			summary: "Shared folder *Stock counts* for David",
			text:    "David fills in the counts from now on. He only needs this one folder.",
			then: []step{
				claim("carla", 22*minute),
				follow("carla", 1*minute, "david"),
				resolve("carla", 14*minute, "David can write in *Stock counts* now. He may have to log in again once."),
				says("david", 40*minute, "Ik zie de map. Bedankt!"),
			}},
		{before: 4*day + 5*hour, by: "carla", kind: "request", about: other(), priority: "low",
			summary: "Tidy up the cabinet with old docks",
			text:    "There are at least twelve of them. Let us keep four and give the rest away.",
			then:    []step{assign("carla", 2*minute, "bram"), status("bram", 3*hour, "planned", "On the next quiet Friday.")}},
	}
}
