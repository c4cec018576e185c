/** Whatever Prometheus the reader of the dashboard chose. */
export const dataSource = { type: 'prometheus', uid: '${datasource}' }

/** What the dashboard chooses when it opens: the data source that deploy/ provisions. */
export const usualDataSource = 'prometheus'
