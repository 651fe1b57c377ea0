package chat

// Home is what the app's home shows one person: a page of its own beside the conversations.
type Home struct {
	Text     string // Markdown, as in Post.Text
	Buttons  []Button
	Sections []Section
}

// Section is a part of a home: a heading, and posts of which only Card and Buttons count.
type Section struct {
	Title   string
	Text    string // Markdown under the title, such as that there is nothing
	Posts   []Post
	Buttons []Button // under all of it, such as the next page
}
