package sqlite

import "fmt"

// statementID names a statement of the table below.
type statementID int

// The statements.
const (
	begin statementID = iota
	commit
	rollback
	ping
	pingWrite

	ticketInsert
	ticketState
	ticketSave
	ticketMove
	ticketByID
	ticketByKey
	ticketByEvent
	ticketByRoom
	ticketsIn
	ticketSeq
	ticketsDue
	participantAdd
	participantRemove
	waitingAdd
	waitingRemove
	wordsPut
	wordLearn
	wordsLike
	stalePut
	staleClear
	staleAll
	historyPut
	historyPage

	listTeam
	listTeamOldest
	listTeamBoth
	listTeamBothOldest
	listAssignee
	listAssigneeOldest
	listAssigneeBoth
	listAssigneeBothOldest
	listPerson
	listPersonOldest
	listPersonBoth
	listPersonBothOldest
	listWords
	listWordsOldest
	listUnassigned
	listUnassignedOldest
	listWaiting

	pendingAdd
	pendingGet
	pendingSet
	pendingDelete
	pendingAll
	underwayPerson
	underwayTeam
	workGet
	refsGet
	refPut
	refDelete
	deadAdd
	deadList

	personGet
	personByIdentity
	personByEmail
	personVersion
	personPut
	identityOwner
	identityPut
	identitiesForget
	draftGet
	draftPut
	draftDelete
	draftsExpire

	fileGet
	filePut
	uploadBegin
	uploadEnd
	uploadsAll
	chunkPut
	chunkGet
	chunksDelete

	recordSet
	recordPut
	recordAdd
	recordGet
	recordDelete
	recordList
	recordListBefore

	counterNext
	counterPut
	settingGet
	settingPut

	dumpCounters
	dumpSettings
	dumpPeople
	dumpDrafts
	dumpFiles
	dumpChunks
	dumpRecords
	dumpTickets
	dumpEntries
	dumpDead

	statementCount
)

// statement is one that is prepared and used again and again.
type statement struct {
	sql string
	// whole says why it may read a whole table or index. All others must be led by an index, which a test checks.
	whole string
}

const everything = "a dump hands over everything"

// Lists have the bounds ?1 to ?2 of seq. The lists of both open and closed tickets are merged from two, since one index
// can't have them in order otherwise.
const (
	newest = " ORDER BY 1 DESC"
	oldest = " ORDER BY 1"
)

func inList(column, open string) string {
	return fmt.Sprintf("SELECT seq, head FROM tickets WHERE %s = ?3 AND open = %s AND seq BETWEEN ?1 AND ?2", column, open)
}

func listBoth(column string) string { return inList(column, "0") + " UNION ALL " + inList(column, "1") }

func listParticipant(open string) string {
	return fmt.Sprintf("SELECT p.seq, t.head FROM participants p CROSS JOIN tickets t ON t.seq = p.seq"+
		" WHERE p.person = ?3 AND p.open = %s AND p.seq BETWEEN ?1 AND ?2", open)
}

// Its condition is the one of its index, word by word.
const listNobodys = "SELECT seq, head FROM tickets WHERE team = ?3 AND open AND assignee IS NULL AND seq BETWEEN ?1 AND ?2"

const listMatching = "SELECT t.seq, t.head FROM words CROSS JOIN tickets t ON t.seq = words.rowid" +
	" WHERE words MATCH ?3 AND words.rowid BETWEEN ?1 AND ?2 ORDER BY words.rowid"

// statements are all statements that are used while the store is open.
var statements = [statementCount]statement{
	begin:     {sql: "BEGIN IMMEDIATE"},
	commit:    {sql: "COMMIT"},
	rollback:  {sql: "ROLLBACK"},
	ping:      {sql: "SELECT 1"},
	pingWrite: {sql: "INSERT INTO pings VALUES (1, 1) ON CONFLICT (n) DO UPDATE SET times = times + 1"},

	// A ticket gets the next free number of its millisecond, which begins at ?1.
	ticketInsert: {sql: `INSERT INTO tickets (seq, id, key, event, version, due, open, team, assignee, lists, hash, head, doc)
		VALUES (coalesce((SELECT max(seq) + 1 FROM tickets WHERE seq >= ?1 AND seq < ?1 + 1048576), ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
		RETURNING seq`},
	ticketState: {sql: "SELECT seq, version, due, lists, hash FROM tickets WHERE id = ?"},
	ticketSave:  {sql: "UPDATE tickets SET version = ?2, hash = ?3, head = ?4, doc = ?5 WHERE seq = ?1"},
	ticketMove: {sql: `UPDATE tickets SET version = ?2, hash = ?3, head = ?4, doc = ?5, due = ?6, open = ?7, team = ?8, assignee = ?9, lists = ?10
		WHERE seq = ?1`},
	ticketByID:        {sql: "SELECT doc FROM tickets WHERE id = ?"},
	ticketByKey:       {sql: "SELECT doc FROM tickets WHERE key = ?"},
	ticketByEvent:     {sql: "SELECT doc FROM tickets WHERE event = ?"},
	ticketByRoom:      {sql: "SELECT t.doc, r.name FROM refs r CROSS JOIN tickets t ON t.seq = r.seq WHERE r.ref = ? AND r.room ORDER BY r.seq DESC LIMIT 1"},
	ticketsIn:         {sql: "SELECT t.id FROM refs r CROSS JOIN tickets t ON t.seq = r.seq WHERE r.ref >= ?1 AND r.ref < ?1 || char(1114111) AND r.room"},
	ticketSeq:         {sql: "SELECT seq FROM tickets WHERE id = ?"},
	ticketsDue:        {sql: "SELECT id FROM tickets WHERE due <= ? ORDER BY due, seq LIMIT ?"},
	participantAdd:    {sql: "INSERT INTO participants VALUES (?, ?, ?)"},
	participantRemove: {sql: "DELETE FROM participants WHERE person = ? AND open = ? AND seq = ?"},
	waitingAdd:        {sql: "INSERT INTO waiting VALUES (?, ?, ?, ?)"},
	waitingRemove:     {sql: "DELETE FROM waiting WHERE team = ? AND since = ? AND id = ?"},
	wordsPut:          {sql: "INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)"},
	wordLearn:         {sql: "INSERT OR IGNORE INTO vocabulary VALUES (?)"},
	wordsLike:         {sql: "SELECT word FROM vocabulary WHERE word >= ?1 AND word < ?1 || char(1114111) LIMIT ?2"},
	stalePut:          {sql: "INSERT OR IGNORE INTO stale VALUES (?)"},
	staleClear:        {sql: "DELETE FROM stale"}, // without a condition: no row is read
	staleAll:          {sql: "SELECT s.seq, t.doc FROM stale s CROSS JOIN tickets t ON t.seq = s.seq", whole: "the few that wait are read once, when the file is opened"},
	historyPut:        {sql: "INSERT OR REPLACE INTO history VALUES (?, ?, ?)"},
	historyPage: {sql: `SELECT body FROM history WHERE seq = (SELECT seq FROM tickets WHERE id = ?1) AND n < ?2
		ORDER BY n DESC LIMIT ?3`},

	listTeam:               {sql: inList("team", "?4") + newest},
	listTeamOldest:         {sql: inList("team", "?4") + oldest},
	listTeamBoth:           {sql: listBoth("team") + newest},
	listTeamBothOldest:     {sql: listBoth("team") + oldest},
	listAssignee:           {sql: inList("assignee", "?4") + newest},
	listAssigneeOldest:     {sql: inList("assignee", "?4") + oldest},
	listAssigneeBoth:       {sql: listBoth("assignee") + newest},
	listAssigneeBothOldest: {sql: listBoth("assignee") + oldest},
	listPerson:             {sql: listParticipant("?4") + newest},
	listPersonOldest:       {sql: listParticipant("?4") + oldest},
	listPersonBoth:         {sql: listParticipant("0") + " UNION ALL " + listParticipant("1") + newest},
	listPersonBothOldest:   {sql: listParticipant("0") + " UNION ALL " + listParticipant("1") + oldest},
	listWords:              {sql: listMatching + " DESC"},
	listWordsOldest:        {sql: listMatching},
	listUnassigned:         {sql: listNobodys + newest},
	listUnassignedOldest:   {sql: listNobodys + oldest},
	listWaiting: {sql: `SELECT w.since, t.head FROM waiting w CROSS JOIN tickets t ON t.seq = w.seq
		WHERE w.team = ?1 AND (w.since, w.id) > (?2, ?3) ORDER BY w.since, w.id LIMIT ?4`},

	pendingAdd: {sql: `INSERT INTO pending VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (seq) DO UPDATE SET due = min(due, excluded.due), body = body || excluded.body`},
	pendingGet:    {sql: "SELECT body FROM pending WHERE seq = ?"},
	pendingSet:    {sql: "UPDATE pending SET due = ?2, body = ?3 WHERE seq = ?1"},
	pendingDelete: {sql: "DELETE FROM pending WHERE seq = ?"},
	pendingAll:    {sql: "SELECT seq, id, due FROM pending", whole: "the backlog is read once, when the file is opened"},
	underwayPerson: {sql: `SELECT p.due, p.body, t.doc FROM participants x CROSS JOIN pending p ON p.seq = x.seq CROSS JOIN tickets t ON t.seq = x.seq
		WHERE x.person = ?1`},
	underwayTeam: {sql: "SELECT p.body, t.doc FROM pending p CROSS JOIN tickets t ON t.seq = p.seq WHERE p.seq = ?1 AND t.team = ?2"},
	workGet: {sql: `SELECT p.body, t.doc, (SELECT json_group_object(name, json(ref)) FROM refs WHERE seq = p.seq)
		FROM pending p CROSS JOIN tickets t ON t.seq = p.seq WHERE p.seq = ?`},
	refsGet: {sql: "SELECT name, ref FROM refs WHERE seq = ?"},
	refPut: {sql: `INSERT INTO refs VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (seq, name) DO UPDATE SET ref = excluded.ref WHERE ref <> excluded.ref`},
	refDelete: {sql: "DELETE FROM refs WHERE seq = ? AND name = ?"},
	deadAdd:   {sql: "INSERT INTO dead (since, body) VALUES (?, ?)"},
	deadList:  {sql: "SELECT body FROM dead WHERE since < ? ORDER BY since DESC, n DESC LIMIT ?"},

	personGet:        {sql: "SELECT body FROM people WHERE id = ?"},
	personByIdentity: {sql: "SELECT p.body FROM identities i CROSS JOIN people p ON p.id = i.person WHERE i.identity = ?"},
	personByEmail:    {sql: "SELECT body FROM people WHERE email = ? ORDER BY id LIMIT 1"},
	personVersion:    {sql: "SELECT version FROM people WHERE id = ?"},
	personPut: {sql: `INSERT INTO people VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, email = excluded.email, body = excluded.body`},
	identityOwner:    {sql: "SELECT person FROM identities WHERE identity = ?"},
	identityPut:      {sql: "INSERT OR REPLACE INTO identities VALUES (?, ?)"},
	identitiesForget: {sql: "DELETE FROM identities WHERE person = ?"},
	draftGet:         {sql: "SELECT body FROM drafts WHERE person = ? AND form = ?"},
	draftPut: {sql: `INSERT INTO drafts VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (person, form) DO UPDATE SET at = excluded.at, body = excluded.body`},
	draftDelete:  {sql: "DELETE FROM drafts WHERE person = ? AND form = ?"},
	draftsExpire: {sql: "DELETE FROM drafts WHERE at < ?"},

	fileGet:      {sql: "SELECT content, info FROM files WHERE id = ?"},
	filePut:      {sql: "INSERT INTO files VALUES (?, ?, ?)"},
	uploadBegin:  {sql: "INSERT INTO uploads DEFAULT VALUES RETURNING content"},
	uploadEnd:    {sql: "DELETE FROM uploads WHERE content = ?"},
	uploadsAll:   {sql: "SELECT content FROM uploads", whole: "uploads that a crash broke off are dropped when the file is opened"},
	chunkPut:     {sql: "INSERT INTO chunks VALUES (?, ?)"},
	chunkGet:     {sql: "SELECT data FROM chunks WHERE n = ?"},
	chunksDelete: {sql: "DELETE FROM chunks WHERE n BETWEEN ? AND ?"},

	// A record mostly stays where it is in its group: then the index of the groups is left alone.
	recordSet: {sql: "UPDATE records SET body = ?5 WHERE space = ?1 AND id = ?2 AND grp = ?3 AND ord = ?4"},
	recordPut: {sql: `INSERT INTO records (space, id, grp, ord, body) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (space, id) DO UPDATE SET grp = excluded.grp, ord = excluded.ord, body = excluded.body`},
	recordAdd:    {sql: "INSERT INTO records (space, id, grp, ord, body) VALUES (?1, ?2, ?3, ?4, ?5)"},
	recordGet:    {sql: "SELECT grp, ord, body FROM records WHERE space = ? AND id = ?"},
	recordDelete: {sql: "DELETE FROM records WHERE space = ? AND id = ?"},
	recordList: {sql: `SELECT id, ord, body FROM records WHERE space = ?1 AND grp = ?2
		ORDER BY ord DESC, id DESC LIMIT ?3`},
	recordListBefore: {sql: `SELECT id, ord, body FROM records WHERE space = ?1 AND grp = ?2 AND ord < ?4
		ORDER BY ord DESC, id DESC LIMIT ?3`},

	counterNext: {sql: "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n"},
	counterPut:  {sql: "INSERT INTO counters VALUES (?, ?)"},
	settingGet:  {sql: "SELECT value FROM settings WHERE name = ?"},
	settingPut:  {sql: "INSERT INTO settings VALUES (?, ?)"},

	dumpCounters: {sql: "SELECT name, n FROM counters", whole: everything},
	dumpSettings: {sql: "SELECT name, value FROM settings", whole: everything},
	dumpPeople:   {sql: "SELECT body FROM people", whole: everything},
	dumpDrafts:   {sql: "SELECT body FROM drafts", whole: everything},
	dumpFiles:    {sql: "SELECT info FROM files", whole: everything},
	dumpChunks: {sql: `SELECT f.id, c.n & 1048575, c.data FROM files f CROSS JOIN chunks c
		ON c.n BETWEEN f.content << 20 AND (f.content << 20) + 1048575 ORDER BY f.id, c.n`, whole: everything},
	dumpRecords: {sql: "SELECT space, id, grp, ord, body FROM records ORDER BY n", whole: everything},
	dumpTickets: {sql: "SELECT t.seq, t.doc, p.body FROM tickets t LEFT JOIN pending p ON p.seq = t.seq ORDER BY t.seq", whole: everything},
	dumpEntries: {sql: "SELECT t.id, h.body FROM history h CROSS JOIN tickets t ON t.seq = h.seq ORDER BY h.seq, h.n", whole: everything},
	dumpDead:    {sql: "SELECT body FROM dead ORDER BY n", whole: everything},
}
