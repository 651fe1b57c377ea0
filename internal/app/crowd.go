package app

import (
	"fmt"

	"balie/adapters/playground"
)

// crowd is so many of the staff, called u001, u002 and so on, and agents to help them.
func crowd(staff int) []playground.Persona {
	var people []playground.Persona
	add := func(id, title string) {
		people = append(people, playground.Persona{ID: id, Name: "Persona " + id, Title: title, Locale: "en-GB", TimeZone: "Europe/Amsterdam"})
	}
	for i := range staff {
		add(fmt.Sprintf("u%03d", i+1), "Staff, one of many")
	}
	for _, id := range crowdAgents(staff) {
		add(id, "Agent, one of many")
	}
	return people
}

// crowdAgents are an agent for each four of the staff, called a01, a02 and so on.
func crowdAgents(staff int) []string {
	const each = 4
	var ids []string
	for i := range (staff + each - 1) / each {
		ids = append(ids, fmt.Sprintf("a%02d", i+1))
	}
	return ids
}
