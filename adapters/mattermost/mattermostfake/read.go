package mattermostfake

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/mattermost/mattermost/server/public/model"
)

// maxSince is how many posts "since" gives at most.
const maxSince = 1000

func postsByIDs(c *call) (any, *model.AppError) {
	var ids []string
	if e := c.decode(&ids, "post_ids"); e != nil {
		return nil, e
	}
	out := []*model.Post{}
	for _, id := range ids {
		if p := c.s.posts[id]; p != nil && p.DeleteAt == 0 && c.s.canRead(c.me.Id, c.s.channels[p.ChannelId]) {
			out = append(out, c.s.view(p))
		}
	}
	return out, nil
}

// getThread lists a root and its replies; the ids are in the order in which they were made.
func getThread(c *call) (any, *model.AppError) {
	p, e := c.readable()
	if e != nil {
		return nil, e
	}
	root := p.Id
	if p.RootId != "" {
		root = p.RootId
	}
	all, more := c.s.threadPage(root, c.r.URL.Query())
	list := model.NewPostList()
	list.HasNext = &more
	for _, p := range append([]*model.Post{c.s.posts[root]}, all...) {
		if list.Posts[p.Id] == nil {
			list.AddPost(c.s.view(p))
			list.AddOrder(p.Id)
		}
	}
	return list, nil
}

// threadPage is what a client asked for of a thread: from where, in which direction, how much; and whether there is more.
func (s *Server) threadPage(root string, q url.Values) ([]*model.Post, bool) {
	at := func(p *model.Post) int64 { return p.CreateAt }
	from, _ := strconv.ParseInt(q.Get("fromCreateAt"), 10, 64)
	if n, _ := strconv.ParseInt(q.Get("fromUpdateAt"), 10, 64); n != 0 {
		from, at = n, func(p *model.Post) int64 { return p.UpdateAt }
	}
	if updates, _ := strconv.ParseBool(q.Get("updatesOnly")); updates {
		at = func(p *model.Post) int64 { return p.UpdateAt }
	}
	compare := func(a, b *model.Post) int { return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Id, b.Id)) }
	if q.Get("direction") == "up" {
		down := compare
		compare = func(a, b *model.Post) int { return down(b, a) }
	}
	start := &model.Post{Id: q.Get("fromPost"), CreateAt: from, UpdateAt: from}
	var all []*model.Post
	for _, id := range append([]string{root}, s.thread[root]...) {
		p := s.posts[id]
		before := from != 0 && (compare(p, start) <= 0 || start.Id == "" && at(p) == from)
		if p.DeleteAt == 0 && !before {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, compare)
	if n, _ := strconv.Atoi(q.Get("perPage")); n > 0 && len(all) > n {
		return all[:n], true
	}
	return all, false
}

func channelPosts(c *call) (any, *model.AppError) {
	q := c.r.URL.Query()
	for _, name := range []string{"after", "before"} {
		if v := q.Get(name); v != "" && !model.IsValidId(v) {
			return nil, invalidBody(name)
		}
	}
	var since int64
	if v := q.Get("since"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, invalidBody("since")
		}
		since = n
	}
	deleted, _ := strconv.ParseBool(q.Get("include_deleted"))
	if deleted && !c.s.isAdmin(c.me.Id) {
		return nil, notPermitted(c, model.PermissionReadDeletedPosts)
	}
	ch := c.s.channels[c.params["channel"]]
	if ch == nil {
		return nil, fault(http.StatusNotFound, noChannel)
	}
	if !c.s.canRead(c.me.Id, ch) {
		return nil, notPermitted(c, model.PermissionReadChannelContent)
	}
	if since > 0 {
		return c.s.postsSince(ch.Id, since), nil
	}
	return c.s.postsPage(c, ch.Id, deleted), nil
}

// postsSince lists what changed in a channel later than that, deleted posts included, the newest first.
func (s *Server) postsSince(channel string, since int64) *model.PostList {
	list := model.NewPostList()
	var found []*model.Post
	for _, id := range s.order[channel] {
		if p := s.posts[id]; p.UpdateAt > since && len(found) < maxSince {
			found = append(found, p)
		}
	}
	newestFirst(found)
	for _, p := range found {
		list.AddPost(s.view(p))
		list.AddOrder(p.Id)
	}
	for _, p := range found {
		if root := s.posts[p.RootId]; root != nil && list.Posts[root.Id] == nil {
			list.AddPost(s.view(root))
		}
	}
	return list
}

// newestFirst sorts posts that are in the order in which they were made.
func newestFirst(ps []*model.Post) {
	slices.Reverse(ps)
	slices.SortStableFunc(ps, func(a, b *model.Post) int { return cmp.Compare(b.CreateAt, a.CreateAt) })
}

// postsPage lists a page of a channel, the newest first, with the threads that the posts belong to.
func (s *Server) postsPage(c *call, channel string, deleted bool) *model.PostList {
	var all []*model.Post
	for _, id := range s.order[channel] {
		if p := s.posts[id]; deleted || p.DeleteAt == 0 {
			all = append(all, p)
		}
	}
	newestFirst(all)
	q := c.r.URL.Query()
	if at := slices.IndexFunc(all, func(p *model.Post) bool { return p.Id == q.Get("after") }); at >= 0 {
		n := perPage(c)
		all = all[max(0, at-n*(pageNumber(c)+1)):max(0, at-n*pageNumber(c))]
	} else if at := slices.IndexFunc(all, func(p *model.Post) bool { return p.Id == q.Get("before") }); at >= 0 {
		all = page(c, all[at+1:])
	} else {
		all = page(c, all)
	}
	list := model.NewPostList()
	threads, _ := strconv.ParseBool(q.Get("skipFetchThreads"))
	for _, p := range all {
		list.AddPost(s.view(p))
		list.AddOrder(p.Id)
	}
	if !threads {
		for _, p := range all {
			s.addThread(list, p)
		}
	}
	return list
}

func (s *Server) addThread(list *model.PostList, p *model.Post) {
	root := p.Id
	if p.RootId != "" {
		root = p.RootId
	}
	for _, id := range append([]string{root}, s.thread[root]...) {
		if other := s.posts[id]; other.DeleteAt == 0 && list.Posts[id] == nil {
			list.AddPost(s.view(other))
		}
	}
}

func perPage(c *call) int {
	n, err := strconv.Atoi(c.r.URL.Query().Get("per_page"))
	if err != nil || n <= 0 {
		return 60
	}
	return min(n, 200)
}

func pageNumber(c *call) int {
	n, err := strconv.Atoi(c.r.URL.Query().Get("page"))
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func pinnedPosts(c *call) (any, *model.AppError) {
	ch, e := c.channel()
	if e != nil {
		return nil, e
	}
	list := model.NewPostList()
	for _, id := range slices.Backward(c.s.order[ch.Id]) {
		if p := c.s.posts[id]; p.IsPinned && p.DeleteAt == 0 {
			list.AddPost(c.s.view(p))
			list.AddOrder(id)
		}
	}
	return list, nil
}
