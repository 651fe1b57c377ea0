package examine

import (
	"context"
	"net/http"
	"slices"

	"balie/adapters/discord"
)

// lookAtAgents says whether the people and roles that the policy names as agents are in a server that the bot is in.
func (v *visit) lookAtAgents(ctx context.Context) {
	if len(v.guilds) == 0 {
		return // that is said already
	}
	servers := make([]string, 0, len(v.guilds))
	for id := range v.guilds {
		servers = append(servers, id)
	}
	slices.Sort(servers)
	roles := map[string][]discord.Role{} // by server, as far as they are known
	for _, a := range v.Agents {
		if a.Role != "" {
			v.lookAtRole(ctx, a.Role, servers, roles)
		} else {
			v.lookAtPerson(ctx, a.Person, servers)
		}
	}
}

func (v *visit) lookAtRole(ctx context.Context, id string, servers []string, roles map[string][]discord.Role) {
	const where = "under Server Settings > Roles right-click the role, choose Copy Role ID, and put that into the policy"
	if !idPattern.MatchString(id) {
		v.Problem("agents: %q is no role's id, which is a long number: switch on Developer Mode under Advanced in Discord's own settings, then "+where, id)
		return
	}
	for _, server := range servers {
		if id == server {
			v.Problem("agents: %s is the role of everybody in %s, by which nobody is found: give the agents a role of their own, and put its id "+
				"into the policy", id, v.server(server))
			return
		}
		if roles[server] == nil {
			all, err := v.client.Roles(ctx, server)
			if err != nil {
				v.Problem("agents: the role %s can't be looked for in %s: %s", id, v.server(server), discord.Why(err))
				return
			}
			roles[server] = all
		}
		if i := slices.IndexFunc(roles[server], func(r discord.Role) bool { return r.ID == id }); i >= 0 {
			v.Fine("agents: the role %s (%s) is in %s", line(roles[server][i].Name), id, v.server(server))
			return
		}
	}
	v.Problem("agents: no server that the bot is in has the role %s: "+where, id)
}

func (v *visit) lookAtPerson(ctx context.Context, id string, servers []string) {
	const where = "right-click the person, choose Copy User ID, and put that into the policy"
	if !idPattern.MatchString(id) {
		v.Problem("agents: %q is no person's id, which is a long number: switch on Developer Mode under Advanced in Discord's own settings, then "+where, id)
		return
	}
	for _, server := range servers {
		name, bot, err := v.client.Member(ctx, server, id)
		switch status, _ := discord.Refused(err); {
		case status == http.StatusNotFound:
			continue
		case err != nil:
			v.Problem("agents: the person %s can't be looked for in %s: %s", id, v.server(server), discord.Why(err))
		case bot:
			v.Problem("agents: %s (%s) is a bot, of which Balie takes nothing: "+where, line(name), id)
		default:
			v.Fine("agents: %s (%s) is in %s", line(name), id, v.server(server))
		}
		return
	}
	v.Problem("agents: nobody with the id %s is in a server that the bot is in: have them join one, or "+where, id)
}
