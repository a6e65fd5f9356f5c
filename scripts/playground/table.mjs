// A realistic table: 10,000 rows, text, a date, missing cells.
const CITIES = ['Bergen', 'Cusco', 'Dakar', 'Hobart', 'Kyoto', 'Lviv']

export function sampleTable(rows = 10_000) {
  let state = 42
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const lines = ['age,income,city,since,stays']
  for (let i = 0; i < rows; i++) {
    const age = 18 + Math.floor(60 * random())
    const income = Math.round(20_000 + 90_000 * random())
    const city = CITIES[Math.floor(CITIES.length * random())]
    const since = new Date(Date.UTC(2015, 0, 1 + Math.floor(3600 * random()))).toISOString().slice(0, 10)
    const leans = (age - 45) / 12 + (income - 60_000) / 25_000 + (city === 'Kyoto' ? 2 : city === 'Dakar' ? -2 : 0)
    const stays = leans + 1.2 * (random() - 0.5) > 0 ? 'yes' : 'no'
    lines.push([random() < 0.03 ? '' : age, income, random() < 0.02 ? 'NA' : city, since, stays].join(','))
  }
  return `${lines.join('\n')}\n`
}
